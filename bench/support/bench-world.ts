import { CurrentPolicies } from '#app/current-policies';
import { OwnedSnapshots } from '#app/owned-snapshots';
import type { SchedulerDeps } from '#app/fire-due-times';
import type { Clock } from '#app/ports/clock';
import type { Cloud } from '#app/ports/cloud';
import type { Policy } from '#domain/policy';
import type { Volume } from '#domain/volume';
import { BullmqRunQueue } from '../../src/adapters/bullmq/bullmq-run-queue.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { INSTANCE } from './policy-file.ts';

const PAGE = 1_000;

/** What a scheduler needs, in this process: a real Redis, and a cloud that lists volumes without a call. */
export interface BenchWorld extends SchedulerDeps, AsyncDisposable {
  readonly redis: RedisClient;
}

export function benchWorld(redisUrl: string, policies: readonly Policy[], volumes: number, given: { clock?: Clock; ledger?: (redis: RedisClient) => RedisLedger } = {}): BenchWorld {
  const redis = connectRedis(parseRedisUrl(redisUrl, null), 'commands');
  const clock = given.clock ?? systemClock;
  const ledger = given.ledger?.(redis) ?? new RedisLedger(redis, INSTANCE, clock);
  const queue = new BullmqRunQueue(redis, keyPrefix(INSTANCE), clock, (error) => {
    throw error;
  });
  const clouds = { of: () => listingCloud(volumes) };
  return {
    redis,
    clock,
    ledger,
    queue,
    clouds,
    policies: new CurrentPolicies({ instance: INSTANCE, targets: [], policies, notifications: [], revision: 'bench' }),
    telemetry: { emit: () => undefined },
    replica: 'bench',
    owned: new OwnedSnapshots({ clouds, clock }),
    remembered: new Map(),
    firstSeen: new Map(),
    async [Symbol.asyncDispose]() {
      await queue.close();
      redis.disconnect();
    },
  };
}

/** Lists so many volumes and no snapshots; any other call is a mistake of the bench. */
function listingCloud(volumes: number): Cloud {
  const listings: Pick<Cloud, 'volumePages' | 'snapshotPages'> = {
    async *volumePages() {
      for (let from = 0; from < volumes; from += PAGE) yield Array.from({ length: Math.min(PAGE, volumes - from) }, (_, at) => volume(from + at));
    },
    async *snapshotPages() {
      yield [];
    },
  };
  return listings as Cloud;
}

function volume(n: number): Volume {
  const id = `5aa119a8-d25b-45a7-8d1b-${n.toString(16).padStart(12, '0')}`;
  return { id, name: `vol-${n}`, status: 'available', sizeGb: 40, metadata: {}, tags: {}, availabilityZone: 'eu-west-101a', createdAt: null };
}
