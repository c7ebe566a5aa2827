import type { Policies } from '#app/ports/policies';
import { CurrentPolicies } from '#app/current-policies';
import { EXIT } from '../cli/io.ts';
import type { Io } from '../cli/io.ts';
import type { StoreArgs } from '../cli/program.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { connectRedis } from '../adapters/redis/connect.ts';
import type { RedisClient } from '../adapters/redis/connect.ts';
import { RedisLedger } from '../adapters/redis/redis-ledger.ts';
import { RedisPruneBook } from '../adapters/redis/redis-prune-book.ts';
import { describeRedis, RedisUrlError } from '../adapters/redis/redis-url.ts';
import { EmbeddedRedisError } from '../adapters/redis/embedded-redis.ts';
import { loadSet } from './load-set.ts';
import { openRedis } from './open-redis.ts';
import type { OpenedRedis } from './open-redis.ts';

export interface Store {
  readonly ledger: RedisLedger;
  readonly book: RedisPruneBook;
  readonly policies: Policies;
  readonly redis: RedisClient;
}

/** Opens what a command reads from, runs it, and closes everything again. */
export async function withStore(args: StoreArgs, io: Io, command: (store: Store) => Promise<number>): Promise<number> {
  const loaded = await loadSet(args.config, io);
  if (loaded === null) return EXIT.usage;
  const redis = await openRedisOrSay(args, io, 'guest');
  if (redis === null) return EXIT.usage;
  const client = connectRedis(redis.address, 'commands', redis.ca === null ? {} : { ca: redis.ca });
  let lastError: Error | null = null;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  try {
    await client.ping();
    const { instance } = loaded.set;
    const ledger = new RedisLedger(client, instance, systemClock);
    return await command({ redis: client, ledger, book: new RedisPruneBook(client, instance), policies: new CurrentPolicies(loaded.set) });
  } catch (error) {
    const reason = lastError ?? error;
    io.stderr.write(`snapkeep: Redis at ${describeRedis(redis.address)} does not answer: ${reason instanceof Error ? reason.message : String(reason)}\n`);
    return EXIT.failed;
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

/** Null where the flags or the machine do not allow it; then the reason has been printed. */
export async function openRedisOrSay(args: StoreArgs, io: Io, use: 'owner' | 'guest'): Promise<OpenedRedis | null> {
  try {
    return await openRedis(args, use);
  } catch (error) {
    if (!(error instanceof RedisUrlError || error instanceof EmbeddedRedisError)) throw error;
    io.stderr.write(`snapkeep: --redis: ${error.message}\n`);
    return null;
  }
}
