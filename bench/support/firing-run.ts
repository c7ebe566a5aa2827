import { setTimeout } from 'node:timers/promises';
import type { FiringRecord } from '#app/ports/ledger';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../../test/support/redis-process.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { peakMb } from './process-facts.ts';
import { INSTANCE, cronAt, policyText, writePolicyFile } from './policy-file.ts';
import type { BenchTarget } from './policy-file.ts';
import { startService } from './service-process.ts';
import type { LoopDelay, ServiceProcess } from './service-process.ts';

/** From the start of the processes to the due time: room for them to come up, more each time they did not make it. */
const AHEAD_MS = [4_000, 8_000, 16_000, 32_000];

const POLL_MS = 20;

export interface FiringSetUp {
  readonly volumes: number;
  readonly cloud: SimulatorOptions;
  readonly workers: number;
  readonly target?: BenchTarget;
  /** How many policies share the volumes, all due at once; 1 where absent. */
  readonly policies?: number;
  readonly appendOnly?: boolean;
  /** Watches the event loops of the workers from the due time on. */
  readonly watchLoops?: boolean;
  /** For the workers. */
  readonly nodeArgs?: readonly string[];
  /** How long the firing may take from its due time; ten minutes where absent. */
  readonly withinMs?: number;
}

/** Everything that ran, while it still runs. */
export interface FiringScene {
  readonly cloud: Simulator;
  readonly redisUrl: string;
  readonly ledger: RedisLedger;
  readonly due: number;
  readonly scheduler: ServiceProcess;
  readonly workers: readonly ServiceProcess[];
}

export interface FiringResult {
  readonly due: number;
  /** From the due time until all runs were queued, and until all snapshots were recorded as available, ms. */
  readonly queuedMs: number;
  readonly finishedMs: number;
  /** Requests from the due time on, logins not counted. */
  readonly requests: number;
  readonly schedulerPeakMb: number;
  readonly workerPeakMb: readonly number[];
  /** Of the workers that are watched. */
  readonly loopDelays: readonly LoopDelay[];
}

/**
 * One due time of policies over all volumes: a scheduler, some workers, a Redis and a simulated cloud, each but the cloud a
 * process of its own. `measure` looks at the scene when all snapshots are available, `before` right before the due time.
 */
export async function runFiring(setUp: FiringSetUp, measure: (scene: FiringScene) => Promise<void> = async () => undefined, before: (scene: FiringScene) => Promise<void> = async () => undefined): Promise<FiringResult> {
  for (const [attempt, aheadMs] of AHEAD_MS.entries()) {
    const result = await attemptFiring(setUp, aheadMs, measure, before);
    if (result !== null) return result;
    process.stderr.write(`the processes were not up at the due time (attempt ${attempt + 1})\n`);
  }
  throw new Error('the processes were never up at the due time: the machine is too busy to measure');
}

async function attemptFiring(setUp: FiringSetUp, aheadMs: number, measure: (scene: FiringScene) => Promise<void>, before: (scene: FiringScene) => Promise<void>): Promise<FiringResult | null> {
  const { volumes, policies = 1, workers, target, withinMs = 600_000 } = setUp;
  await using redis = await startProcess({ appendOnly: setUp.appendOnly ?? false });
  await using cloud = await startSimulator({ volumes, snapshotsPerVolume: null, ...setUp.cloud });
  await using dir = await tempDir('bench');
  const due = Math.ceil((Date.now() + aheadMs) / 1_000) * 1_000;
  const names = Array.from({ length: policies }, (_, at) => `once-${at}`);
  const share = (at: number): string => (policies === 1 ? 'vol-*' : `vol-*${at}`);
  const text = policyText(cloud, names.map((name, at) => ({ name, cron: cronAt(new Date(due)), volumes: share(at) })), target);
  const shared = { config: await writePolicyFile(dir.path, text), redisUrl: redis.url, cloud };
  const client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  const ledger = new RedisLedger(client, INSTANCE, systemClock);
  await using stack = new AsyncDisposableStack();
  stack.defer(() => client.disconnect());
  const starting = [startService({ ...shared, role: 'scheduler', events: ['firing.planned'] }), ...Array.from({ length: workers }, () => startService({ ...shared, role: 'worker', nodeArgs: setUp.nodeArgs ?? [], watchLoop: setUp.watchLoops ?? false }))];
  for (const started of await Promise.allSettled(starting)) if (started.status === 'fulfilled') stack.use(started.value);
  const [scheduler, ...workerProcesses] = await Promise.all(starting);
  if (scheduler === undefined || Date.now() > due - 500) return null;
  const scene = { cloud, redisUrl: redis.url, ledger, due, scheduler, workers: workerProcesses };
  await before(scene);

  await setTimeout(due - Date.now());
  if (setUp.watchLoops === true) for (const worker of workerProcesses) worker.beginLoopDelay();
  const records = await untilFinished(ledger, names, withinMs);
  const available = records.reduce((sum, { counts }) => sum + counts.available, 0);
  if (available !== volumes) throw new Error(`only ${available} of ${volumes} snapshots became available`);
  const finishedAt = Math.max(...records.map((record) => record.finishedAt ?? Number.NaN));
  const queuedMs = Math.max(...scheduler.lines.map(({ lagMs }) => Number(lagMs)));
  const requests = cloud.ledger.requests().filter(({ at, operation }) => at >= due && operation !== 'auth').length;
  await measure(scene);
  return {
    due,
    queuedMs,
    finishedMs: finishedAt - due,
    requests,
    schedulerPeakMb: await peakMb(scheduler.pid),
    loopDelays: setUp.watchLoops === true ? await Promise.all(workerProcesses.map((worker) => worker.loopDelay())) : [],
    workerPeakMb: await Promise.all(workerProcesses.map(({ pid }) => peakMb(pid))),
  };
}

async function untilFinished(ledger: RedisLedger, policies: readonly string[], withinMs: number): Promise<readonly FiringRecord[]> {
  const until = performance.now() + withinMs;
  while (performance.now() < until) {
    const records = (await Promise.all(policies.map((policy) => ledger.firings(policy, 1)))).flat();
    if (records.length === policies.length && records.every(({ finishedAt }) => finishedAt !== null)) return records;
    await setTimeout(POLL_MS);
  }
  throw new Error(`the firing was not finished within ${withinMs} ms`);
}
