import { afterEach, beforeEach, expect, test } from 'vitest';
import { connectRedis } from '../../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../../src/adapters/redis/connect.ts';
import { parseRedisUrl } from '../../../src/adapters/redis/redis-url.ts';
import type { RedisServer } from '../../support/redis.ts';
import { startRedis } from '../../support/redis.ts';

let redis: RedisServer;
let client: RedisClient;
beforeEach(async () => {
  redis = await startRedis();
  client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  client.on('error', () => undefined);
  await client.ping();
});
afterEach(async () => {
  client.disconnect();
  await redis.stop();
});

/** How often the server has read from its connections. */
async function reads(): Promise<number> {
  return Number(/total_reads_processed:(\d+)/.exec(await client.info('stats'))?.[1]);
}

test('commands of one turn of the event loop are one write, and are answered each on its own', async () => {
  const before = await reads();
  const written = await Promise.all(Array.from({ length: 200 }, async (_, n) => client.set(`key-${n}`, n)));
  expect(written).toEqual(Array.from({ length: 200 }, () => 'OK'));
  expect((await reads()) - before).toBeLessThan(10);
  expect(await Promise.all(Array.from({ length: 200 }, async (_, n) => client.get(`key-${n}`)))).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
});

test('so are those that come from promises, and those after a new connection', async () => {
  await redis.restart();
  await expect.poll(async () => client.ping(), { timeout: 10_000 }).toBe('PONG');
  const before = await reads();
  await Promise.all(Array.from({ length: 200 }, async (_, n) => Promise.resolve(n).then(async () => client.set(`key-${n}`, n))));
  expect((await reads()) - before).toBeLessThan(10);
});

test('a command that fails takes no other with it', async () => {
  await client.set('text', 'x');
  const answers = await Promise.allSettled([client.set('a', 1), client.incr('text'), client.set('b', 2)]);
  expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
