import { afterAll, beforeAll } from 'vitest';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startRedis } from './redis.ts';
import type { RedisServer } from './redis.ts';

/** A real Redis with one connection for all tests of the block in which this is called; to be asked for inside a test or a hook. */
export function oneRedis(): { client(): RedisClient; url(): string } {
  let open: { readonly server: RedisServer; readonly client: RedisClient } | null = null;
  beforeAll(async () => {
    const server = await startRedis();
    open = { server, client: connectRedis(parseRedisUrl(server.url, null), 'commands') };
  });
  afterAll(async () => {
    open?.client.disconnect();
    await open?.server.stop();
  });
  function opened(): NonNullable<typeof open> {
    if (open === null) throw new Error('Redis is there inside tests and hooks only');
    return open;
  }
  return { client: () => opened().client, url: () => opened().server.url };
}
