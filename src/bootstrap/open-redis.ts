import { readFile } from 'node:fs/promises';
import { openEmbeddedRedis } from '../adapters/redis/embedded-redis.ts';
import { parseRedisUrl } from '../adapters/redis/redis-url.ts';
import type { RedisAddress } from '../adapters/redis/redis-url.ts';

export interface RedisFlags {
  /** A URL, or `embedded`. */
  readonly redis: string;
  readonly redisPasswordFile?: string;
  readonly redisCaFile?: string;
  /** Where an embedded Redis keeps its data. */
  readonly dataDir: string;
}

export interface OpenedRedis {
  readonly address: RedisAddress;
  readonly ca: string | null;
  readonly stop: () => Promise<void>;
}

/**
 * Turns the flags into an address, and starts the embedded server where they ask for it. `owner`: the service itself,
 * which ends an embedded server with it even where it found it running. Throws RedisUrlError or EmbeddedRedisError.
 */
export async function openRedis(flags: RedisFlags, use: 'owner' | 'guest'): Promise<OpenedRedis> {
  if (flags.redis === 'embedded') {
    const { address, stop } = await openEmbeddedRedis(flags.dataDir, { adopt: use === 'owner' });
    return { address, ca: null, stop };
  }
  const password = flags.redisPasswordFile === undefined ? null : (await readFile(flags.redisPasswordFile, 'utf8')).replace(/\r?\n$/, '');
  const ca = flags.redisCaFile === undefined ? null : await readFile(flags.redisCaFile, 'utf8');
  return { address: parseRedisUrl(flags.redis, password), ca, stop: async () => undefined };
}
