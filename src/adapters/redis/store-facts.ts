import type { StoreFacts } from '#domain/redis-fitness';
import type { RedisClient } from './connect.ts';

/** Asks the server about itself. What it does not let us ask (managed services, ACLs) stays unknown. */
export async function readStoreFacts(redis: RedisClient): Promise<StoreFacts> {
  const info = await redis.info().catch(() => '');
  const of = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? '';
  const aof = of('aof_enabled');
  return { version: of('redis_version'), evictionPolicy: of('maxmemory_policy'), appendOnly: aof === '' ? null : aof === '1' };
}
