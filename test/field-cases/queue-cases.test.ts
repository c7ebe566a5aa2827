import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { firingIdOf, runIdIn, runIdOf } from '#domain/naming/run-id';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { MINUTE, addMs, instant } from '#domain/time';
import { BullmqRunQueue } from '../../src/adapters/bullmq/bullmq-run-queue.ts';
import { BullmqWorker } from '../../src/adapters/bullmq/bullmq-worker.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { Name } from '../../src/config/scalars.ts';
import { stage } from '../integration/running-service.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { openScene } from './scene.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

interface Line extends AsyncDisposable {
  readonly url: string;
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** A TCP line to Redis that can be cut: connections end, new ones are refused. */
async function lineTo(server: RedisServer): Promise<Line> {
  const open = new Set<Socket>();
  const listener = createServer((near) => {
    const far = connect(server.port, '127.0.0.1');
    for (const [one, other] of [[near, far], [far, near]] as const) {
      open.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  async function listen(port: number): Promise<number> {
    listener.listen(port, '127.0.0.1');
    await once(listener, 'listening');
    return (listener.address() as AddressInfo).port;
  }
  async function cut(): Promise<void> {
    if (!listener.listening) return;
    const closed = once(listener, 'close');
    listener.close();
    for (const socket of open) socket.destroy();
    await closed;
  }
  const port = await listen(0);
  const url = new URL(server.url);
  url.host = `127.0.0.1:${port}`;
  return { url: url.href, cut, mend: async () => void (await listen(port)), [Symbol.asyncDispose]: cut };
}

async function clockReaches(at: number): Promise<void> {
  await waitFor(() => Date.now(), (now) => now >= at, { what: 'the time to come', intervalMs: 20, timeoutMs: 20_000 });
}

describe.concurrent('on a real Redis', { timeout: 30_000 }, () => {
  test('A08: Redis is cut across a due time: the run starts within seconds after it is back, once', async ({ expect }) => {
    await using line = await lineTo(redis);
    await using scene = await stage({ redisUrl: line.url, due: [3], cloud: { volumes: 2 } });
    const { service, telemetry } = await scene.serve();
    const [policy] = service.policies.current().policies;
    const due = policy === undefined ? null : fireTimesOf(policy.schedule).next(instant(Date.now()));
    if (due === null) throw new Error('nothing is due');
    await line.cut();
    expect(due - Date.now()).toBeGreaterThan(0);
    expect(due - Date.now()).toBeLessThan(MINUTE / 4);
    await clockReaches(due + 2_000);
    expect(scene.cloud.ledger.creates()).toEqual([]);
    await line.mend();
    const mendedAt = Date.now();
    await telemetry.until((told) => told.count('firing.finished') >= 1, 'the firing');
    expect(Date.now() - mendedAt).toBeLessThan(8_000);

    await scene.settle(service);
    const planned = telemetry.of('firing.planned');
    expect(planned.map((each) => each.due)).toEqual([due]);
    // The lateness is told: the two seconds of the outage and the seconds until the line was found again.
    expect(planned[0]?.lagMs).toBeGreaterThan(1_900);
    expect(planned[0]?.lagMs).toBeLessThan(mendedAt - due + 5_000);
    expect(scene.cloud.ledger.creates()).toHaveLength(2);
    expect((await scene.runs(service)).map(({ outcome }) => outcome)).toEqual(['available', 'available']);
  });

  test('A08: a delayed job whose time comes while Redis is cut is taken within seconds after it is back, once', async ({ expect }) => {
    await using line = await lineTo(redis);
    const address = parseRedisUrl(line.url, null);
    const [commands, blocking] = [connectRedis(address, 'commands'), connectRedis(address, 'queue')];
    for (const client of [commands, blocking]) client.on('error', () => undefined);
    const prefix = keyPrefix('a08-delayed');
    const queue = new BullmqRunQueue(commands, prefix, systemClock, () => undefined);
    const taken: number[] = [];
    const worker = new BullmqWorker({
      redis: blocking, prefix, target: 't', concurrency: 1, onError: () => undefined, onInterrupted: () => undefined,
      execute: async () => {
        taken.push(Date.now());
        return { kind: 'done' };
      },
    });
    const running = worker.run();
    try {
      const runId = runIdIn('0123456789abcdef', 'v');
      const at = addMs(systemClock.now(), 1_500);
      await queue.enqueue('t', [{ runId, at }]);
      await line.cut();
      await clockReaches(at + 1_000);
      expect(taken).toEqual([]);
      await line.mend();
      const mendedAt = Date.now();
      await waitFor(() => taken.length, (count) => count > 0, { what: 'the job', intervalMs: 10 });
      expect((taken[0] ?? Infinity) - mendedAt).toBeLessThan(5_000);
      await waitFor(() => queue.missing('t', [runId]), (missing) => missing.length === 1, { what: 'the job to be gone', intervalMs: 10 });
      expect(taken).toHaveLength(1);
    } finally {
      await worker.close(1_000);
      await running.catch(() => undefined);
      await queue.close();
      commands.disconnect();
      blocking.disconnect();
    }
  });

  test('A10: four replicas start at once: one firing, one job and one snapshot for each volume', async ({ expect }) => {
    await using scene = await openScene(redis.url, { nightly: { cloud: { volumes: 5 } } });
    const replicas = await Promise.all([1, 2, 3, 4].map(() => scene.serve()));
    const [first] = replicas;
    if (first === undefined) throw new Error('no replica');
    await scene.firingsEnded(first.service);

    expect((await first.service.ledger.firings('nightly', 10)).map(({ due, total }) => ({ due, total }))).toEqual([{ due: scene.due, total: 5 }]);
    expect(replicas.flatMap(({ telemetry }) => telemetry.of('firing.planned')).map(({ due }) => due)).toEqual([scene.due]);
    const requested = replicas.flatMap(({ telemetry }) => telemetry.of('snapshot.requested')).map(({ runId }) => runId);
    expect(requested).toHaveLength(5);
    expect(new Set(requested).size).toBe(5);
    const cloud = scene.clouds.nightly;
    expect(cloud.ledger.creates()).toHaveLength(5);
    expect(cloud.snapshots().map(({ status, volumeId }) => `${status} ${volumeId}`).toSorted()).toEqual(cloud.volumes().map(({ id }) => `available ${id}`).toSorted());
    expect((await scene.runs(first.service, 'nightly')).map(({ outcome, tries }) => `${outcome} ${tries}`)).toEqual(Array<string>(5).fill('available 1'));
  });

  test('A13: whatever a policy and a volume are called, the run can be queued', async ({ expect }) => {
    const policies = ['2026', '0', '1e3', '-1', '-', 'a', 'db-prod', 'z'.repeat(32)];
    for (const name of policies) expect(Name.safeParse(name).success, name).toBe(true);
    for (const name of ['db:prod', 'a/b c', 'наборы']) expect(Name.safeParse(name).success, name).toBe(false);
    const volumes = ['42', '0', 'a:b', 'a:b:c', 'a:b:c:d', 'a/b c', 'наборы', '5c1f8a3e-0b1d-4c2f-9a7e-3d2b1c0a9f8e'];
    const dues = [Date.parse('2026-11-24T02:00:00Z'), Date.parse('2026-11-24T02:00:07Z')].map((ms) => instant(ms));
    const runIds = policies.flatMap((policy) => volumes.flatMap((volume) => dues.map((due) => runIdOf('prod', policy, volume, due))));
    expect(new Set(runIds).size).toBe(policies.length * volumes.length * dues.length);
    for (const runId of runIds) expect(runId).toMatch(/^r[0-9a-f]{32}$/);
    expect(runIds[0]?.startsWith(`r${firingIdOf('prod', '2026', dues[0] ?? instant(0))}`)).toBe(true);

    const commands = connectRedis(parseRedisUrl(redis.url, null), 'commands');
    const errors: Error[] = [];
    const queue = new BullmqRunQueue(commands, keyPrefix('a13'), systemClock, (error) => errors.push(error));
    try {
      const now = systemClock.now();
      await queue.enqueue('t', runIds.map((runId) => ({ runId, at: now })));
      expect(await queue.missing('t', runIds)).toEqual([]);
      expect(await queue.depth('t')).toEqual({ waiting: runIds.length, delayed: 0, active: 0 });
      // An id that BullMQ refuses is told, not lost in silence.
      await expect(queue.enqueue('t', [{ runId: 'db:prod', at: now }])).rejects.toThrow(/:/);
      expect(errors).toEqual([]);
    } finally {
      await queue.close();
      commands.disconnect();
    }
  });
});
