import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { waitFor } from '../test/support/wait-for.ts';
import type { Figure } from './figure.ts';
import { cronAt, policyText, writePolicyFile } from './support/policy-file.ts';
import { peakMb } from './support/process-facts.ts';
import { startService } from './support/service-process.ts';

const VOLUMES = 100_000;
const POLICIES = [1, 10] as const;
const AHEAD_MS = 8_000;
/** How long the worker takes runs of the firing while its memory is looked at. */
const AT_WORK_MS = 20_000;
const MEMORY_MB = 300;
const FLAT = 1.2;

/** Memory of the processes with a hundred thousand volumes queued or being made, as runs of one policy and of ten. No snapshot gets finished meanwhile. */
export async function benchInFlight(): Promise<readonly Figure[]> {
  const peaks: { scheduler: number; worker: number }[] = [];
  for (const policies of POLICIES) peaks.push(await peaksOf(policies));
  const [one, ten] = peaks;
  const figure = (name: string, value: number): Figure => ({ name, value, unit: 'MB', target: `< ${MEMORY_MB}`, ok: value < MEMORY_MB, samples: [value] });
  const growth = Math.max(ratio(ten?.scheduler, one?.scheduler), ratio(ten?.worker, one?.worker));
  return [
    ...peaks.flatMap(({ scheduler, worker }, place) => {
      const over = `${VOLUMES.toLocaleString('en')} volumes in flight, ${POLICIES[place]} ${POLICIES[place] === 1 ? 'policy' : 'policies'}`;
      return [figure(`memory of the scheduler, ${over}`, scheduler), figure(`memory of a worker, ${over}`, worker)];
    }),
    { name: 'the larger of both, ten policies against one', value: growth, unit: 'x', target: `<= ${FLAT}`, ok: growth <= FLAT, samples: [growth] },
  ];
}

function ratio(value = Number.NaN, base = Number.NaN): number {
  return value / base;
}

async function peaksOf(policies: number): Promise<{ scheduler: number; worker: number }> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes: VOLUMES, snapshotsPerVolume: null, creation: { minMs: 3_600_000, maxMs: 3_600_000 } });
  await using dir = await tempDir('bench');
  const due = new Date(Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000);
  const share = (at: number): string => (policies === 1 ? 'vol-*' : `vol-*${at}`);
  const text = policyText(cloud, Array.from({ length: policies }, (_, at) => ({ name: `once-${at}`, cron: cronAt(due), volumes: share(at) })));
  const set = { config: await writePolicyFile(dir.path, text), redisUrl: redis.url, cloud };
  await using scheduler = await startService({ ...set, role: 'scheduler', events: ['firing.planned'] });
  await using worker = await startService({ ...set, role: 'worker' });
  if (Date.now() > due.getTime()) throw new Error('the processes were not up at the due time: the machine is too busy to measure');
  await waitFor(() => scheduler.lines.length, (planned) => planned === policies, { timeoutMs: 180_000, what: 'all runs to be queued', intervalMs: 100 });
  await setTimeout(AT_WORK_MS);
  return { scheduler: await peakMb(scheduler.pid), worker: await peakMb(worker.pid) };
}
