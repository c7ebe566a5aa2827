import { afterAll, beforeAll, describe } from 'vitest';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { FakeLedger } from '../fakes/fake-ledger.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { ledgerContract } from './ledger-contract.ts';

describe('FakeLedger', () => {
  ledgerContract(async () => {
    const clock = new ManualClock('2026-11-24T02:30:00Z');
    return {
      ledger: new FakeLedger(clock),
      until: async (condition) => {
        for (let ms = 0; ms < 5_000; ms += 1) {
          if (await condition()) return;
          await clock.advance(1);
        }
        throw new Error('five seconds have passed');
      },
    };
  });
});

describe('RedisLedger', () => {
  let server: RedisServer;
  let redis: RedisClient;
  let instances = 0;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis(parseRedisUrl(server.url, null), 'commands');
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  ledgerContract(async () => {
    // Another instance is another ledger: its keys are its own, and nothing of an earlier test shows.
    instances += 1;
    return {
      ledger: new RedisLedger(redis, `contract-${instances}`, systemClock),
      until: async (condition) => void (await waitFor(condition, Boolean, { intervalMs: 2, timeoutMs: 5_000 })),
    };
  });
});
