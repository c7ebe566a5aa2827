import type { Figure } from './figure.ts';
import { runInFlight } from './support/in-flight-run.ts';
import type { InFlight } from './support/in-flight-run.ts';

const VOLUMES = 100_000;
const POLICIES = [1, 10] as const;
const AT_WORK_MS = 20_000;
const MEMORY_MB = 300;
const FLAT = 1.2;

/** Memory of the processes with a hundred thousand volumes queued or being made, as runs of one policy and of ten. */
export async function benchInFlight(): Promise<readonly Figure[]> {
  const runs: InFlight[] = [];
  for (const policies of POLICIES) runs.push(await runInFlight({ volumes: VOLUMES, policies, atWorkMs: AT_WORK_MS }));
  const figure = (name: string, value: number): Figure => ({ name, value, unit: 'MB', target: `< ${MEMORY_MB}`, ok: value < MEMORY_MB, samples: [value] });
  const growths = (['schedulerMb', 'workerMb'] as const).map((of) => (runs[1]?.[of] ?? Number.NaN) / (runs[0]?.[of] ?? Number.NaN));
  const growth = Math.max(...growths);
  return [
    ...runs.flatMap(({ schedulerMb, workerMb }, place) => {
      const over = `${VOLUMES.toLocaleString('en')} volumes in flight, ${POLICIES[place]} ${POLICIES[place] === 1 ? 'policy' : 'policies'}`;
      return [figure(`memory of the scheduler, ${over}`, schedulerMb), figure(`memory of a worker, ${over}`, workerMb)];
    }),
    { name: 'memory with ten policies against one, the larger of both', value: growth, unit: 'x', target: `<= ${FLAT}`, ok: growth <= FLAT, samples: growths },
  ];
}
