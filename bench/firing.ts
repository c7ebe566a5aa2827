import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';
import type { FiringResult } from './support/firing-run.ts';

const SMALL = 1_000;
const SMALL_RUNS = 3;
const LARGE = 10_000;
const MEMORY_MB = 300;
const CALLS = 1.05;

const cloud = { creation: { minMs: 1_000, maxMs: 3_000 } };

/** What one firing costs in calls, time and memory: real processes of the compiled service, a real Redis, snapshots that take 1 to 3 s. */
export async function benchFiring(): Promise<readonly Figure[]> {
  const small: FiringResult[] = [];
  for (let run = 0; run < SMALL_RUNS; run += 1) small.push(await runFiring({ volumes: SMALL, workers: 1, cloud, appendOnly: true }));
  const large = await runFiring({ volumes: LARGE, workers: 3, cloud, appendOnly: true });
  const worker = Math.max(...large.workerPeakMb);
  return [
    calls(SMALL, small),
    seconds(`due to all available, ${SMALL} volumes`, small.map(({ finishedMs }) => finishedMs)),
    calls(LARGE, [large]),
    seconds(`due to all queued, ${LARGE} volumes`, [large.queuedMs]),
    seconds(`due to all available, ${LARGE} volumes`, [large.finishedMs]),
    { name: `peak memory of the scheduler, ${LARGE} volumes`, value: large.schedulerPeakMb, unit: 'MB', target: `< ${MEMORY_MB}`, ok: large.schedulerPeakMb < MEMORY_MB, samples: [large.schedulerPeakMb] },
    { name: `peak memory of a worker, ${LARGE} volumes`, value: worker, unit: 'MB', target: `< ${MEMORY_MB}`, ok: worker < MEMORY_MB, samples: large.workerPeakMb },
  ];
}

function calls(volumes: number, firings: readonly FiringResult[]): Figure {
  const samples = firings.map(({ requests }) => requests / volumes);
  return { name: `API calls per snapshot, ${volumes} volumes`, value: median(samples), unit: 'calls', target: `<= ${CALLS}`, ok: median(samples) <= CALLS, samples };
}

function seconds(name: string, ms: readonly number[]): Figure {
  const samples = ms.map((each) => each / 1_000);
  return { name, value: median(samples), unit: 's', target: null, ok: true, samples };
}
