import type { Io } from '../cli/io.ts';
import type { StoreArgs } from '../cli/program.ts';
import { connectRedis } from '../adapters/redis/connect.ts';
import type { RedisClient } from '../adapters/redis/connect.ts';
import { describeRedis } from '../adapters/redis/redis-url.ts';
import { openRedisOrSay } from './with-store.ts';

/** A Redis that is good to have: `client` is null where it does not answer, which has been said then. */
export interface GuestRedis {
  readonly client: RedisClient | null;
  close(): Promise<void>;
}

/** Null where the flags are wrong; then the reason has been printed. */
export async function openGuestRedis(args: StoreArgs, io: Io): Promise<GuestRedis | null> {
  const redis = await openRedisOrSay(args, io, 'guest');
  if (redis === null) return null;
  const client = connectRedis(redis.address, 'commands', redis.ca === null ? {} : { ca: redis.ca });
  let lastError: Error | null = null;
  client.on('error', (error: Error) => {
    lastError = error;
  });
  async function close(): Promise<void> {
    client.disconnect();
    await redis?.stop();
  }
  try {
    await client.ping();
    return { client, close };
  } catch (error) {
    const reason = lastError ?? error;
    const said = reason instanceof Error ? reason.message : String(reason);
    io.stderr.write(`snapkeep: Redis at ${describeRedis(redis.address)} does not answer (${said}): going on without it, so the rate of calls is not shared with a running service, and what was paused by command is not known\n`);
    await close();
    return { client: null, close: async () => undefined };
  }
}
