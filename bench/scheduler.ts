import { setTimeout } from 'node:timers/promises';
import { Scheduler } from '#app/scheduler';
import type { Clock } from '#app/ports/clock';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { SECOND, addMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { RedisLedger } from '../src/adapters/redis/redis-ledger.ts';
import { policyOf } from '../test/fakes/world.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { waitFor } from '../test/support/wait-for.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { benchWorld } from './support/bench-world.ts';
import { INSTANCE, cronAt, policyText, writePolicyFile } from './support/policy-file.ts';
import { startService } from './support/service-process.ts';

const POLICIES = 10_000;
const WAKE_UPS = 200;
const WAKE_UP_MS = 5;
const DUE_AT_ONCE = 1_000;
const AHEAD_MS = 15_000;
const LAG_RUNS = 3;
const LAG_MS = 1_000;

/** What a scheduler with very many policies does when it wakes up for one of them; and how late the last of very many is that are due at once. */
export async function benchScheduler(): Promise<readonly Figure[]> {
  const { wall, cpuEach } = await wakeUps();
  const lags: number[] = [];
  for (let run = 0; run < LAG_RUNS; run += 1) lags.push(await lagP99());
  return [
    { name: `one wake-up with ${POLICIES.toLocaleString('en')} policies, one due`, value: median(wall), unit: 'ms', target: `< ${WAKE_UP_MS}`, ok: median(wall) < WAKE_UP_MS, samples: wall },
    { name: 'processor time of a wake-up', value: cpuEach, unit: 'ms', target: null, ok: true, samples: [cpuEach] },
    { name: `due to queued, ${DUE_AT_ONCE.toLocaleString('en')} policies due at once, p99`, value: median(lags), unit: 'ms', target: `< ${LAG_MS}`, ok: median(lags) < LAG_MS, samples: lags },
  ];
}

/** Nothing that a wake-up has begun takes longer than this without a sign, ms. */
const QUIET_MS = 20;

/** Time that goes on only where the scheduler sleeps and nothing wakes it: then to the moment it sleeps for. */
class LeapingClock implements Clock {
  #now: Instant;
  #wokenAt = Number.NaN;
  readonly #onAsleep: (wokenForMs: number) => void;

  constructor(now: Instant, onAsleep: (wokenForMs: number) => void) {
    this.#now = now;
    this.#onAsleep = onAsleep;
  }

  now(): Instant {
    return this.#now;
  }

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    const asleepAt = performance.now();
    const isWoken = await setTimeout(QUIET_MS, false, signal === undefined ? {} : { signal }).catch(() => true);
    if (isWoken) return;
    this.#onAsleep(asleepAt - this.#wokenAt);
    this.#now = instant(Math.max(this.#now, until));
    this.#wokenAt = performance.now();
  }
}

/** The store's time is the clock's. */
class LeapingLedger extends RedisLedger {
  readonly #time: Clock;

  constructor(redis: ConstructorParameters<typeof RedisLedger>[0], clock: Clock) {
    super(redis, INSTANCE, clock);
    this.#time = clock;
  }

  override async now(): Promise<Instant> {
    return this.#time.now();
  }
}

/** Each policy is due at a second of its own; a firing covers no volume, so that what is measured is the scheduler. */
async function wakeUps(): Promise<{ wall: readonly number[]; cpuEach: number }> {
  await using redis = await startProcess({});
  const start = instant(Date.UTC(2026, 10, 24, 0));
  const policies = Array.from({ length: POLICIES }, (_, n) => policyOf(`policy-${n}`, { schedule: { cron: [cronAt(new Date(addMs(start, (n + 1) * SECOND)))] } }));
  const stop = new AbortController();
  const wall: number[] = [];
  const clock = new LeapingClock(start, (ms) => {
    // Before the first wake-up the scheduler looks at all policies.
    if (!Number.isNaN(ms)) wall.push(ms);
    if (wall.length === WAKE_UPS) stop.abort();
  });
  await using world = benchWorld(redis.url, policies, 0, { clock, ledger: (client) => new LeapingLedger(client, clock) });
  for (const { name, schedule } of policies) await world.ledger.startPolicy(name, { watermark: start, scheduleKey: scheduleKey(schedule) });
  const scheduler = new Scheduler(world);
  const before = process.cpuUsage();
  await scheduler.run(stop.signal);
  const { user, system } = process.cpuUsage(before);
  return { wall, cpuEach: (user + system) / 1_000 / WAKE_UPS };
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
