import { afterAll, beforeAll, describe } from 'vitest';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { RedisPruneBook } from '../../src/adapters/redis/redis-prune-book.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { FakePruneBook } from '../fakes/fake-prune-book.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { pruneBookContract } from './prune-book-contract.ts';

describe('FakePruneBook', () => {
  pruneBookContract(async () => new FakePruneBook());
});

describe('RedisPruneBook', () => {
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

  pruneBookContract(async () => {
    instances += 1;
    return new RedisPruneBook(redis, `book-${instances}`);
  });
});
