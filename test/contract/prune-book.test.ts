import { describe } from 'vitest';
import { RedisPruneBook } from '../../src/adapters/redis/redis-prune-book.ts';
import { FakePruneBook } from '../fakes/fake-prune-book.ts';
import { oneRedis } from '../support/one-redis.ts';
import { pruneBookContract } from './prune-book-contract.ts';

describe('FakePruneBook', () => {
  pruneBookContract(async () => new FakePruneBook());
});

describe('RedisPruneBook', () => {
  const redis = oneRedis();
  let instances = 0;

  pruneBookContract(async () => {
    instances += 1;
    return new RedisPruneBook(redis.client(), `book-${instances}`);
  });
});
