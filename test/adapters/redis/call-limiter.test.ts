import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis } from '#adapters/redis/connect';
import type { RedisClient } from '#adapters/redis/connect';
import { parseRedisUrl } from '#adapters/redis/redis-url';
import { RedisCallLimiter } from '#adapters/redis/redis-call-limiter';
import { SharedPace } from '#adapters/redis/shared-pace';
import { TurnQueue } from '#adapters/redis/turn-queue';
import { takeTurns } from '#domain/pace';
import { startRedis } from '../../support/redis.ts';
import type { RedisServer } from '../../support/redis.ts';

let server: RedisServer;
const clients: RedisClient[] = [];

beforeAll(async () => {
  server = await startRedis();
});

afterAll(async () => {
  for (const client of clients) client.disconnect();
  await server.stop();
});

function connect(): RedisClient {
  const client = connectRedis(parseRedisUrl(server.url), 'commands');
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

describe('the pace that replicas share', () => {
  it('gives every turn to one replica only, however they race', async () => {
    const replicas = [1, 2, 3].map(() => new SharedPace(connect(), 'race'));

    const taken = await Promise.all(
      Array.from({ length: 60 }, (_, index) =>
        (replicas[index % replicas.length] ?? new SharedPace(connect(), 'race')).update((pace, now) => {
          const turns = takeTurns(pace, 100, now, 2);
          return { pace: turns.pace, result: turns.from };
        }),
      ),
    );

    const sorted = taken.toSorted((a, b) => a - b);
    const gaps = sorted.slice(1).map((from, index) => from - (sorted[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(20 - 1e-3);
  });

  it('lets one replica know that another was refused', async () => {
    const told: number[] = [];
    const refused = new RedisCallLimiter({ redis: connect(), key: 'told', requestsPerSecond: 50, onThrottled: (delayMs) => told.push(delayMs) });
    const other = new SharedPace(connect(), 'told');

    refused.report({ operation: 'create_snapshot', result: 'throttled', retryAfterMs: 60_000, rate: null, durationMs: 1 });
    await expect.poll(() => told.length).toBe(1);
    await other.refresh();

    expect(other.pace.blockedUntil - other.now()).toBeGreaterThan(50_000);
    expect(other.pace.slowed).toBe(25);
  });

  it('holds a call back whose turn was taken before a later, longer refusal', async () => {
    let told = 0;
    const limiter = new RedisCallLimiter({ redis: connect(), key: 'longer', requestsPerSecond: 50, onThrottled: () => (told += 1) });
    const refused = (retryAfterMs: number): void => limiter.report({ operation: 'create_snapshot', result: 'throttled', retryAfterMs, rate: null, durationMs: 1 });
    const seen = new SharedPace(connect(), 'longer');
    await limiter.acquire('create_snapshot', 'create');
    refused(200);
    await expect.poll(() => told).toBe(1);

    const turn = limiter.acquire('create_snapshot', 'create');
    refused(700);
    await turn;
    await seen.refresh();

    expect(seen.pace.blockedUntil).toBeLessThanOrEqual(seen.now());
  });

  it('leaves other targets alone', async () => {
    const limiter = new RedisCallLimiter({ redis: connect(), key: 'unrelated', requestsPerSecond: null, onThrottled: () => undefined });

    await expect(limiter.acquire('create_snapshot', 'create')).resolves.toBeUndefined();
  });

  it('rejects with the abort reason of a call that waits, and gives its turn to nobody', async () => {
    const limiter = new RedisCallLimiter({ redis: connect(), key: 'abort', requestsPerSecond: 0.1, onThrottled: () => undefined });
    await limiter.acquire('create_snapshot', 'create');
    const abort = new AbortController();

    const waiting = limiter.acquire('create_snapshot', 'create', abort.signal);
    abort.abort(new Error('enough'));

    await expect(waiting).rejects.toThrow('enough');
  });
});

describe('the queue for turns', () => {
  async function orderOf(queue: TurnQueue, now: number, waits: readonly Promise<void>[], names: readonly string[]): Promise<string[]> {
    const gone: string[] = [];
    for (const [index, wait] of waits.entries()) void wait.then(() => gone.push(names[index] ?? ''));
    while (queue.next(now)) await Promise.resolve();
    await Promise.all(waits);
    return gone;
  }

  it('lets creates go before looks before prunes', async () => {
    const queue = new TurnQueue();
    const waits = [queue.wait('prune', 0), queue.wait('watch', 0), queue.wait('create', 0), queue.wait('create', 0)];

    expect(await orderOf(queue, 1, waits, ['prune', 'watch', 'create 1', 'create 2'])).toEqual(['create 1', 'create 2', 'watch', 'prune']);
  });

  it('does not let creates hold up a look for ever', async () => {
    const queue = new TurnQueue();
    const waits = [queue.wait('watch', 0), queue.wait('create', 4_000)];

    expect(await orderOf(queue, 5_000, waits, ['watch', 'create'])).toEqual(['watch', 'create']);
  });
});
