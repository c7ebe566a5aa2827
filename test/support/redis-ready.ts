import { Redis } from 'ioredis';
import { setTimeout as sleep } from 'node:timers/promises';

/** One connection that neither retries nor queues, for a few commands; closed in every case. */
export async function withConnection<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  const redis = new Redis(url, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 0,
    enableReadyCheck: false,
  });
  redis.on('error', () => undefined); // the command that fails says it
  try {
    await redis.connect();
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/**
 * Waits until the server answers PING; `gaveUp` ends the wait early, with the reason as an error. With a `pid` only that
 * process counts: two servers started at once can fall on one port, and then the other's answer must not do.
 */
export async function untilReady(url: string, gaveUp: () => Error | null, pid?: number, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const reason = gaveUp();
    if (reason !== null) throw reason;
    try {
      const isOurs = await withConnection(url, async (redis) => {
        await redis.ping();
        return pid === undefined || (await redis.info('server')).includes(`process_id:${pid}\r\n`);
      });
      if (isOurs) return;
    } catch (error) {
      if (performance.now() > deadline) throw new Error(`Redis at ${url} did not answer within ${timeoutMs} ms`, { cause: error });
    }
    await sleep(10);
  }
}

/** The arguments that every way of starting a server shares; the port and the directory come from the caller. */
export function serverArguments(options: {
  appendOnly?: boolean;
  config?: readonly string[];
  requirePass?: string;
}): readonly string[] {
  return [
    '--save', '',
    '--appendonly', options.appendOnly === true ? 'yes' : 'no',
    '--maxmemory-policy', 'noeviction',
    ...(options.requirePass === undefined ? [] : ['--requirepass', options.requirePass]),
    ...(options.config ?? []),
  ];
}

/** The URL of a server on this machine. */
export function localUrl(port: number, password: string | undefined): string {
  const login = password === undefined ? '' : `:${encodeURIComponent(password)}@`;
  return `redis://${login}127.0.0.1:${port}`;
}
