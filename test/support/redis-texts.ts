import type { RedisClient } from '../../src/adapters/redis/connect.ts';

/** Everything that the keys of a pattern hold, names of fields and members too, as one text. */
export async function textsIn(redis: RedisClient, pattern: string): Promise<string> {
  const texts: unknown[] = [];
  for (const key of await redis.keys(pattern)) texts.push(key, await valueOf(redis, key));
  return JSON.stringify(texts);
}

async function valueOf(redis: RedisClient, key: string): Promise<unknown> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return redis.get(key);
    case 'hash':
      return redis.hgetall(key);
    case 'set':
      return redis.smembers(key);
    case 'zset':
      return redis.zrange(key, 0, '-1', 'WITHSCORES');
    case 'list':
      return redis.lrange(key, 0, '-1');
    case 'stream':
      return redis.xrange(key, '-', '+');
    case 'none':
      return null;
    default:
      throw new Error(`${key} is a ${type}`);
  }
}
