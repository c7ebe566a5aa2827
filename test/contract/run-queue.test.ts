import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { BullmqRunQueue } from '../../src/adapters/bullmq/bullmq-run-queue.ts';
import { BullmqWorker } from '../../src/adapters/bullmq/bullmq-worker.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { addMs } from '#domain/time';
import { runIdIn } from '#domain/naming/run-id';
import type { RunStep } from '#app/ports/run-queue';
import { FakeRunQueue } from '../fakes/fake-run-queue.ts';
import { ManualClock } from '../fakes/manual-clock.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { runQueueContract } from './run-queue-contract.ts';

describe('FakeRunQueue', () => {
  runQueueContract(async () => {
    const clock = new ManualClock('2026-11-24T02:00:00Z');
    const queue = new FakeRunQueue(clock);
    return {
      queue,
      now: () => clock.now(),
      work: async (_target, execute) => queue.drain(execute, addMs(clock.now(), 60_000)).catch(() => undefined),
      until: async (condition) => expect(await condition()).toBe(true),
    };
  });
});

describe('BullmqRunQueue with BullmqWorker', () => {
  let server: RedisServer;
  let commands: RedisClient;
  let blocking: RedisClient;
  let instances = 0;
  const errors: Error[] = [];
  const queues: BullmqRunQueue[] = [];
  beforeAll(async () => {
    server = await startRedis();
    commands = connectRedis(parseRedisUrl(server.url, null), 'commands');
    blocking = connectRedis(parseRedisUrl(server.url, null), 'queue');
  });
  afterEach(async () => {
    await Promise.all(queues.splice(0).map((queue) => queue.close()));
    expect(errors.splice(0)).toEqual([]);
  });
  afterAll(async () => {
    blocking.disconnect();
    commands.disconnect();
    await server.stop();
  });

  function fresh(): { queue: BullmqRunQueue; prefix: string } {
    instances += 1;
    const prefix = keyPrefix(`contract-${instances}`);
    const queue = new BullmqRunQueue(commands, prefix, systemClock, (error) => errors.push(error));
    queues.push(queue);
    return { queue, prefix };
  }

  interface Working extends AsyncDisposable {
    readonly worker: BullmqWorker;
    readonly interrupted: string[];
  }

  function working(prefix: string, execute: (runId: string, signal: AbortSignal) => Promise<RunStep>, concurrency = 5): Working {
    const interrupted: string[] = [];
    const worker = new BullmqWorker({
      redis: blocking,
      prefix,
      target: 't',
      concurrency,
      execute,
      onError: (error) => errors.push(error),
      onInterrupted: (runId) => interrupted.push(runId),
    });
    const running = worker.run();
    return {
      worker,
      interrupted,
      async [Symbol.asyncDispose]() {
        await worker.close(2_000);
        await running;
      },
    };
  }

  runQueueContract(async () => {
    const { queue, prefix } = fresh();
    return {
      queue,
      now: () => systemClock.now(),
      work: async (_target, execute, enough) => {
        await using _ = working(prefix, execute, 1);
        await waitFor(enough, Boolean, { intervalMs: 5, what: 'enough run ids to be handed out' });
      },
      until: async (condition) => void (await waitFor(condition, Boolean, { intervalMs: 5 })),
    };
  });

  const ids = Array.from({ length: 6 }, (_, n) => runIdIn('0123456789abcdef', `v${n}`));

  test('a limit binds all workers of the target together', async () => {
    const { queue, prefix } = fresh();
    await queue.limitConcurrency('t', 2);
    await queue.enqueue('t', ids.map((runId) => ({ runId, at: systemClock.now() })));
    let inHand = 0;
    let peak = 0;
    let count = 0;
    const release: (() => void)[] = [];
    const execute = async (): Promise<RunStep> => {
      inHand += 1;
      peak = Math.max(peak, inHand);
      await new Promise<void>((resolve) => release.push(resolve));
      inHand -= 1;
      count += 1;
      return { kind: 'done' };
    };
    await using _one = working(prefix, execute);
    await using _two = working(prefix, execute);
    while (count < ids.length) {
      const expected = Math.min(2, ids.length - count);
      await waitFor(() => inHand, (value) => value >= expected, { intervalMs: 5 });
      const before = count;
      for (const next of release.splice(0)) next();
      await waitFor(() => count, (value) => value > before, { intervalMs: 5 });
    }
    expect(peak).toBe(2);
  });

  test('a run whose time has come is waiting, whether or not there is a worker to say so', async () => {
    const { queue } = fresh();
    const [a = '', b = ''] = ids;
    await queue.enqueue('t', [{ runId: a, at: addMs(systemClock.now(), 150) }, { runId: b, at: addMs(systemClock.now(), 60_000) }]);
    expect(await queue.depth('t')).toEqual({ waiting: 0, delayed: 2, active: 0 });
    await waitFor(() => queue.depth('t'), ({ waiting }) => waiting > 0, { intervalMs: 10 });
    expect(await queue.depth('t')).toEqual({ waiting: 1, delayed: 1, active: 0 });
  });

  test('takes runs once it runs and not after it is closed', async () => {
    const { prefix } = fresh();
    await using held = working(prefix, async () => ({ kind: 'done' }));
    await waitFor(() => held.worker.pulse().isRunning);
    expect(await held.worker.close(1_000)).toBe(true);
    expect(held.worker.pulse().isRunning).toBe(false);
  });

  test('closing waits for the run in hand', async () => {
    const { queue, prefix } = fresh();
    const [a = ''] = ids;
    await queue.enqueue('t', [{ runId: a, at: systemClock.now() }]);
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    await using held = working(prefix, async () => {
      started.resolve();
      await release.promise;
      return { kind: 'done' };
    });
    await started.promise;
    const closing = held.worker.close(5_000);
    release.resolve();
    expect(await closing).toBe(true);
    expect(await queue.missing('t', [a])).toEqual([a]);
  });

  test('a run that does not end in time is told to stop and handed back for another worker', async () => {
    const { queue, prefix } = fresh();
    const [a = ''] = ids;
    await queue.enqueue('t', [{ runId: a, at: systemClock.now() }]);
    const started = Promise.withResolvers<void>();
    await using held = working(prefix, async (_runId, signal) => {
      started.resolve();
      await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
      return { kind: 'done' };
    });
    await started.promise;
    expect(await held.worker.close(10)).toBe(true);
    expect(await queue.depth('t')).toEqual({ waiting: 1, delayed: 0, active: 0 });
    const handed: string[] = [];
    await using _ = working(prefix, async (runId) => {
      handed.push(runId);
      return { kind: 'done' };
    });
    await waitFor(() => handed.length, Boolean, { intervalMs: 5 });
    expect(handed).toEqual([a]);
    expect(held.interrupted).toEqual([]);
  });

  test('what a closing worker hands back it does not take again, whatever it was waiting for', async () => {
    for (let round = 0; round < 60; round += 1) {
      const { queue, prefix } = fresh();
      const [a = ''] = ids;
      await queue.enqueue('t', [{ runId: a, at: systemClock.now() }]);
      const started = Promise.withResolvers<void>();
      let taken = 0;
      await using held = working(prefix, async (_runId, signal) => {
        taken += 1;
        started.resolve();
        await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped'))));
        return { kind: 'done' };
      });
      await started.promise;
      expect(await held.worker.close(1)).toBe(true);
      expect(taken).toBe(1);
      expect(await queue.depth('t')).toEqual({ waiting: 1, delayed: 0, active: 0 });
    }
  }, 60_000);

  test('a run whose worker failed unexpectedly is told of and gone from the queue', async () => {
    const { queue, prefix } = fresh();
    const [a = ''] = ids;
    await queue.enqueue('t', [{ runId: a, at: systemClock.now() }]);
    await using held = working(prefix, async () => Promise.reject(new Error('a bug')));
    await waitFor(() => held.interrupted.length, Boolean, { intervalMs: 5 });
    expect(held.interrupted).toEqual([a]);
    expect(await queue.missing('t', [a])).toEqual([a]);
  });
});
