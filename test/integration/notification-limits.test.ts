import { describe, expect, test } from 'vitest';
import type { NoticeJob } from '#app/ports/notice-queue';
import { readStatus } from '#app/read-status';
import { runIdIn } from '#domain/naming/run-id';
import { HOUR, instant } from '#domain/time';
import { BullmqNoticeQueue } from '../../src/adapters/bullmq/bullmq-notice-queue.ts';
import { keyPrefix, keysOf } from '../../src/adapters/redis/keys.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import { policyOf } from '../fakes/world.ts';
import { oneRedis } from '../support/one-redis.ts';
import { notificationStage } from './notification-stage.ts';

const redis = oneRedis();

describe('calls that wait for a recipient', () => {
  const call = (id: number, receiver: string): NoticeJob => ({ id: `c${receiver}${id}`, to: { kind: 'receiver', name: receiver }, about: 'run.failed', policy: 'nightly', message: null, attempts: 3 });

  async function bounded(name: string, body: (queue: BullmqNoticeQueue, dropped: string[], held: () => Promise<number>) => Promise<void>): Promise<void> {
    const dropped: string[] = [];
    const prefix = keyPrefix(name);
    const queue = new BullmqNoticeQueue({ redis: redis.client(), prefix, onError: () => undefined, onDropped: ({ id }) => void dropped.push(id), mostPerRecipient: 5 });
    await body(queue, dropped, () => redis.client().llen(`${prefix}:notifications:wait`));
    await queue.close();
  }

  test('beyond the most for one, its newest are dropped and told; another is still called', async () => {
    await bounded('bound-1', async (queue, dropped, held) => {
      for (let id = 0; id < 7; id += 1) await queue.enqueue([call(id, 'dead')]);
      expect(dropped).toEqual(['cdead5', 'cdead6']);
      await queue.enqueue([call(0, 'alive'), call(7, 'dead')]);
      expect(dropped).toEqual(['cdead5', 'cdead6', 'cdead7']);
      expect(await held()).toBe(6);
    });
  });

  test('many at once', async () => {
    await bounded('bound-2', async (queue, dropped, held) => {
      await queue.enqueue(Array.from({ length: 300 }, (_, id) => call(id, 'dead')));
      expect(await held()).toBe(5);
      expect(dropped).toHaveLength(295);
    });
  });

  test('what is queued already is neither queued again nor lost', async () => {
    await bounded('bound-3', async (queue, _dropped, held) => {
      for (let again = 0; again < 3; again += 1) await queue.enqueue([call(0, 'dead'), call(1, 'dead')]);
      expect(await held()).toBe(2);
    });
  });
});

describe('a run whose record cannot be read', () => {
  test('is left out of the notification, which is sent once, and holds up no other', async () => {
    await using hook = await startStub().then((stub) => Object.assign(stub, { [Symbol.asyncDispose]: () => stub.close() }));
    hook.on('POST', '/hook', { status: 204 });
    await using stage = await notificationStage({ redisUrl: redis.url(), env: { NOTIFY_URL: `${hook.url}/hook` } });
    const broken = await stage.finish({ 'vol-a': 'failed', 'vol-b': 'failed' }, Date.now() - 60_000);
    await redis.client().hset(keysOf(stage.instance).runsOf(broken.id), runIdIn(broken.id, 'vol-a').slice(17), '1 ef {"v":');
    await stage.finish({ 'vol-c': 'failed' });

    stage.replica();
    await stage.telemetry.until((told) => told.count('notification.sent') >= 2, 'both');

    const messages = hook.requests.map(({ body }) => JSON.parse(body) as { data: { runs: { failed: number }; volumes: { id: string }[] } });
    expect(messages.map(({ data }) => [data.runs.failed, data.volumes.map(({ id }) => id)])).toEqual(expect.arrayContaining([[2, ['vol-b']], [1, ['vol-c']]]));
    expect(stage.telemetry.of('record.unreadable')).toMatchObject([{ policy: 'nightly', errorMessage: `the record of run ${runIdIn(broken.id, 'vol-a')} cannot be read` }]);
    expect(stage.telemetry.count('loop.failed')).toBe(0);
    expect(await stage.ledger.endedFirings(10)).toEqual([]);
  });

  test('does not hide the state of its policy', async () => {
    await using stage = await notificationStage({ redisUrl: redis.url(), env: {}, policies: [policyOf()] });
    const firing = await stage.finish({ 'vol-a': 'failed' }, Date.now() - 60_000);
    await stage.ledger.setCovered('nightly', ['vol-a'], instant(Date.now() - 48 * HOUR));
    await redis.client().hset(keysOf(stage.instance).runsOf(firing.id), runIdIn(firing.id, 'vol-a').slice(17), 'nothing of ours');
    const [status] = (await readStatus({ ...stage, book: { brakes: async () => new Map() } })).policies;
    expect(status?.overdueVolumes).toMatchObject([{ id: 'vol-a', reason: 'no good snapshot yet; the record of its last run cannot be read' }]);
  });
});
