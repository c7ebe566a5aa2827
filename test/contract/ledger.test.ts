import { describe } from 'vitest';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { FakeLedger } from '../fakes/fake-ledger.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { oneRedis } from '../support/one-redis.ts';
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
  const redis = oneRedis();
  let instances = 0;

  ledgerContract(async () => {
    // Another instance is another ledger: its keys are its own, and nothing of an earlier test shows.
    instances += 1;
    return {
      ledger: new RedisLedger(redis.client(), `contract-${instances}`, systemClock),
      until: async (condition) => void (await waitFor(condition, Boolean, { intervalMs: 2, timeoutMs: 5_000 })),
    };
  });
});
