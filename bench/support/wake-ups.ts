import { setTimeout } from 'node:timers/promises';
import { Scheduler } from '#app/scheduler';
import type { Clock } from '#app/ports/clock';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { SECOND, addMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { policyOf } from '../../test/fakes/world.ts';
import { startProcess } from '../../test/support/redis-process.ts';
import { benchWorld } from './bench-world.ts';
import { INSTANCE, cronAt } from './policy-file.ts';

const WAKE_UPS = 200;

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

export interface WakeUps {
  /** From when it wakes until it sleeps again, ms, each. */
  readonly wall: readonly number[];
  /** Processor time of one, ms. */
  readonly cpuEach: number;
}

/**
 * What a scheduler with so many policies does when it wakes up for one of them. Each is due at a second of its own; a firing covers
 * no volume, so that what is measured is the scheduler.
 */
export async function wakeUps(count: number): Promise<WakeUps> {
  await using redis = await startProcess({});
  const start = instant(Date.UTC(2026, 10, 24, 0));
  const policies = Array.from({ length: count }, (_, n) => policyOf(`policy-${n}`, { schedule: { cron: [cronAt(new Date(addMs(start, (n + 1) * SECOND)))] } }));
  const stop = new AbortController();
  const wall: number[] = [];
  let before = process.cpuUsage();
  const clock = new LeapingClock(start, (ms) => {
    // Before the first wake-up the scheduler looks at all policies.
    if (Number.isNaN(ms)) before = process.cpuUsage();
    else wall.push(ms);
    if (wall.length === WAKE_UPS) stop.abort();
  });
  await using world = benchWorld(redis.url, policies, 0, { clock, ledger: (client) => new LeapingLedger(client, clock) });
  for (const { name, schedule } of policies) await world.ledger.startPolicy(name, { watermark: start, scheduleKey: scheduleKey(schedule) });
  const scheduler = new Scheduler(world);
  await scheduler.run(stop.signal);
  const { user, system } = process.cpuUsage(before);
  return { wall, cpuEach: (user + system) / 1_000 / WAKE_UPS };
}
