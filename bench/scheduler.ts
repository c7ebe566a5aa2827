import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { waitFor } from '../test/support/wait-for.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { cronAt, policyText, writePolicyFile } from './support/policy-file.ts';
import { startService } from './support/service-process.ts';
import { wakeUps } from './support/wake-ups.ts';

const POLICIES = 10_000;
const WAKE_UP_MS = 5;
const DUE_AT_ONCE = 1_000;
const AHEAD_MS = 15_000;
const LAG_RUNS = 3;
const LAG_MS = 1_000;

/** What a scheduler with very many policies does when it wakes up for one of them; and how late the last of very many is that are due at once. */
export async function benchScheduler(): Promise<readonly Figure[]> {
  const { wall, cpuEach } = await wakeUps(POLICIES);
  const lags: number[] = [];
  for (let run = 0; run < LAG_RUNS; run += 1) lags.push(await lagP99());
  return [
    { name: `one wake-up with ${POLICIES.toLocaleString('en')} policies, one due, until it sleeps again`, value: median(wall), unit: 'ms', target: `< ${WAKE_UP_MS}`, ok: median(wall) < WAKE_UP_MS, samples: wall },
    { name: 'processor time of a wake-up, garbage collection beside it included', value: cpuEach, unit: 'ms', target: null, ok: true, samples: [cpuEach] },
    { name: `due to queued, ${DUE_AT_ONCE.toLocaleString('en')} policies due at once, p99`, value: median(lags), unit: 'ms', target: `< ${LAG_MS}`, ok: median(lags) < LAG_MS, samples: lags },
  ];
}

/** The 99th of a hundred policies, of a real scheduler over a simulated cloud with a few volumes. */
async function lagP99(): Promise<number> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes: 10 });
  await using dir = await tempDir('bench');
  const due = new Date(Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000);
  const policies = Array.from({ length: DUE_AT_ONCE }, (_, n) => ({ name: `policy-${n}`, cron: cronAt(due), volumes: 'vol-0001' }));
  const config = await writePolicyFile(dir.path, policyText(cloud, policies));
  await using scheduler = await startService({ role: 'scheduler', config, redisUrl: redis.url, cloud, events: ['firing.planned'] });
  if (Date.now() > due.getTime() - 2_000) throw new Error('the scheduler was not up at the due time: the machine is too busy to measure');
  await setTimeout(due.getTime() - Date.now());
  await waitFor(() => scheduler.lines.length, (planned) => planned === DUE_AT_ONCE, { timeoutMs: 120_000, what: 'all firings to be planned', intervalMs: 50 });
  const lags = scheduler.lines.map(({ lagMs }) => Number(lagMs)).toSorted((a, b) => a - b);
  return lags[Math.ceil(lags.length * 0.99) - 1] ?? Number.NaN;
}
