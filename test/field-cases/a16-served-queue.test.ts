import { Queue } from 'bullmq';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { QueueService } from '#app/queue-service';
import { SECOND } from '#domain/time';
import { BullmqRunQueue } from '../../src/adapters/bullmq/bullmq-run-queue.ts';
import { queueNameOf } from '../../src/adapters/bullmq/queue-names.ts';
import { BullmqWorker } from '../../src/adapters/bullmq/bullmq-worker.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { TARGET, World } from '../fakes/world.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { startStallingProxy, type StallingProxy } from '../support/stalling-proxy.ts';
import { waitFor } from '../support/wait-for.ts';

let redis: RedisServer;

beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis.stop());

interface Scene {
  readonly world: World;
  readonly proxy: StallingProxy;
  readonly queue: BullmqRunQueue;
  readonly service: QueueService;
  readonly taken: readonly string[];
  readonly prefix: string;
}

/** A worker that reaches Redis through a proxy, and what judges it, which reaches Redis itself. */
async function scene(name: string, body: (parts: Scene) => Promise<void>): Promise<void> {
  const world = new World();
  await using proxy = await startStallingProxy(redis.port);
  const commands = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  const blocking = connectRedis(parseRedisUrl(`redis://127.0.0.1:${proxy.port}`, null), 'queue');
  for (const client of [commands, blocking]) client.on('error', () => undefined);
  const prefix = keyPrefix(name);
  const queue = new BullmqRunQueue(commands, prefix, world.clock, () => undefined);
  const taken: string[] = [];
  const worker = new BullmqWorker({
    redis: blocking,
    prefix,
    target: TARGET,
    concurrency: 5,
    execute: async (runId) => {
      taken.push(runId);
      return { kind: 'done' };
    },
    onError: () => undefined,
    onInterrupted: () => undefined,
  });
  void worker.run().catch(() => undefined);
  const service = new QueueService({ ...world.deps(), queue }, TARGET, () => worker.pulse());
  try {
    await queue.enqueue(TARGET, [{ runId: 'first', at: world.clock.now() }]);
    await waitFor(() => taken.length, (count) => count === 1, { what: 'a run to be taken' });
    await body({ world, proxy, queue, service, taken, prefix });
  } finally {
    await worker.close(500);
    await queue.close();
    for (const client of [commands, blocking]) client.disconnect();
  }
}

describe.concurrent('A16 a worker that is connected and takes nothing', () => {
  test('A16 connections fall silent and so do new ones: noticed within a minute, and over within one when they work again', async () => {
    await scene('stalled', async ({ proxy, queue, service, taken, world }) => {
      proxy.stall('new');
      await waitFor(() => service.problem(), (problem) => problem !== null, { what: 'the silence to be noticed', timeoutMs: 60_000, intervalMs: 250 });
      expect(service.problem()).toContain('has not answered its worker');
      await queue.enqueue(TARGET, [{ runId: 'second', at: world.clock.now() }]);
      proxy.heal();
      await waitFor(() => taken.length, (count) => count === 2, { what: 'work to go on', timeoutMs: 60_000, intervalMs: 100 });
      await waitFor(() => service.problem(), (problem) => problem === null, { what: 'the end of the silence to be noticed' });
    });
  }, 130_000);

  test('A16 connections fall silent while new ones work, as after a failover: work goes on within a minute by itself', async () => {
    await scene('half-open', async ({ proxy, queue, taken, world }) => {
      proxy.stall('present');
      await queue.enqueue(TARGET, [{ runId: 'second', at: world.clock.now() }]);
      await waitFor(() => taken.length, (count) => count === 2, { what: 'work to go on', timeoutMs: 60_000, intervalMs: 100 });
      expect(taken).toEqual(['first', 'second']);
    });
  }, 70_000);

  test('A16 a queue that somebody paused hands out nothing although it answers', async () => {
    await scene('paused', async ({ world, queue, service, prefix }) => {
      const same = new Queue(queueNameOf(TARGET), { connection: { host: '127.0.0.1', port: redis.port }, prefix });
      await same.pause();
      await queue.enqueue(TARGET, [{ runId: 'second', at: world.clock.now() }]);
      await service.look();
      expect(service.problem()).toBeNull();
      await world.clock.advance(31 * SECOND);
      await service.look();
      expect(service.problem()).toContain('wait in the queue and none is handed out');
      await same.resume();
      await waitFor(() => service.problem(), (problem) => problem === null, { what: 'the resumed queue to be served' });
      await same.close();
    });
  }, 30_000);
});
