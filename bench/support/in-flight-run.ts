import { Redis } from 'ioredis';
import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../../test/support/redis-process.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { waitFor } from '../../test/support/wait-for.ts';
import { cronAt, policyText, writePolicyFile } from './policy-file.ts';
import { peakMb } from './process-facts.ts';
import { usedBytes } from './redis-facts.ts';
import { startService } from './service-process.ts';

const AHEAD_MS = 8_000;
const QUEUED_WITHIN_MS = 300_000;

export interface InFlight {
  /** From the due time until all runs were queued. */
  readonly queuedMs: number;
  readonly schedulerMb: number;
  readonly workerMb: number;
  readonly redisMb: number;
}

/**
 * One due time of policies that share the volumes, in a cloud that accepts every snapshot and finishes none: what the processes
 * have taken at most until all runs were queued and a worker has been at them for `atWorkMs`.
 */
export async function runInFlight({ volumes, policies, atWorkMs }: { volumes: number; policies: number; atWorkMs: number }): Promise<InFlight> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes, snapshotsPerVolume: null, creation: { minMs: 3_600_000, maxMs: 3_600_000 } });
  await using dir = await tempDir('bench');
  const due = new Date(Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000);
  const share = (at: number): string => (policies === 1 ? 'vol-*' : `vol-*${at}`);
  const text = policyText(cloud, Array.from({ length: policies }, (_, at) => ({ name: `once-${at}`, cron: cronAt(due), volumes: share(at) })));
  const set = { config: await writePolicyFile(dir.path, text), redisUrl: redis.url, cloud };
  await using scheduler = await startService({ ...set, role: 'scheduler', events: ['firing.planned'] });
  await using worker = await startService({ ...set, role: 'worker' });
  if (Date.now() > due.getTime()) throw new Error('the processes were not up at the due time: the machine is too busy to measure');
  await waitFor(() => scheduler.lines.length, (planned) => planned === policies, { timeoutMs: QUEUED_WITHIN_MS, what: 'all runs to be queued', intervalMs: 100 });
  await setTimeout(atWorkMs);
  const client = new Redis(redis.url);
  const redisMb = (await usedBytes(client)) / 1_048_576;
  client.disconnect();
  return {
    queuedMs: Math.max(...scheduler.lines.map(({ lagMs }) => Number(lagMs))),
    schedulerMb: await peakMb(scheduler.pid),
    workerMb: await peakMb(worker.pid),
    redisMb,
  };
}
