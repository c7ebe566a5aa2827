import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLogger } from '../../src/adapters/telemetry/logger.ts';
import { logTelemetry } from '../../src/adapters/telemetry/log-telemetry.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import type { Stub } from '../adapters/http-client/stub-server.ts';
import { policyOf } from '../fakes/world.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { textsIn } from '../support/redis-texts.ts';
import { waitFor } from '../support/wait-for.ts';
import { notificationStage, receiver } from './notification-stage.ts';
import { stage } from './running-service.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

async function receiving(): Promise<Stub & AsyncDisposable> {
  const stub = await startStub();
  return Object.assign(stub, { [Symbol.asyncDispose]: () => stub.close() });
}

interface Volume {
  readonly name: string;
  readonly httpStatus: number | null;
  readonly code: string | null;
  readonly requestId: string | null;
}

describe.concurrent('a service with receivers', { timeout: 40_000 }, () => {
  // k8up-io/k8up #910, NethServer/dev #7554, scylladb/scylla-manager #1492
  test('A27: of three volumes one ends in error and one gets nothing but 500: one notification names both', async ({ expect: expecting }) => {
    await using hook = await receiving();
    hook.on('POST', '/hook', { status: 200 });
    hook.on('POST', '/slack', { status: 200, body: 'ok' });
    await using scene = await stage({
      redisUrl: redis.url,
      due: [2],
      cloud: {
        volumes: [{ name: 'vol-a' }, { name: 'vol-b' }, { name: 'vol-c' }],
        faults: [
          { operation: 'create', volume: 'vol-a', effect: { kind: 'snapshot-error' } },
          { operation: 'create', volume: 'vol-b', effect: { kind: 'respond', status: 500, body: { computeFault: { message: 'out of order', code: 500 } } } },
        ],
      },
      notifications: '[{ name: ops, url: { env: HOOK }, secret: { env: SECRET } }, { name: chat, format: slack, url: { env: CHAT }, events: [run.failed] }]',
      env: { HOOK: `${hook.url}/hook`, CHAT: `${hook.url}/slack`, SECRET: 's3cret' },
    });
    const { service, telemetry } = await scene.serve();
    const other = await scene.serve();
    await Promise.race([telemetry, other.telemetry].map((each) => each.until((told) => told.count('firing.finished') > 0, 'the end of the firing', 30_000)));
    await Promise.race([telemetry, other.telemetry].map((each) => each.until((told) => told.count('notification.sent') > 0, 'a call')));
    await scene.settle(service);
    await waitFor(() => hook.requests.length, (calls) => calls >= 2, { what: 'both calls' });

    const messages = hook.requests.filter(({ path }) => path === '/hook').map(({ body }) => JSON.parse(body) as { type: string; data: { runs: object; volumes: Volume[] } });
    expecting(messages).toHaveLength(1);
    expecting(messages[0]).toMatchObject({ type: 'io.snapkeep.run.failed', data: { runs: { available: 1, failed: 2 } } });
    expecting(messages[0]?.data.volumes.map(({ name, httpStatus, code }) => ({ name, httpStatus, code }))).toEqual([
      { name: 'vol-a', httpStatus: null, code: expecting.any(String) },
      { name: 'vol-b', httpStatus: 500, code: 'computeFault' },
    ]);
    expecting(messages[0]?.data.volumes[1]?.requestId).toMatch(/./);
    const chat = hook.requests.filter(({ path }) => path === '/slack').map(({ body }) => body);
    expecting(chat).toHaveLength(1);
    expecting(chat[0]).toMatch(/vol-a .*vol-b .*snapkeep runs often --outcome failed/);
  });

  test('a receiver that never answers holds up no run', async ({ expect: expecting }) => {
    await using hook = await receiving();
    hook.on('POST', '/hook', 'hang');
    await using scene = await stage({
      redisUrl: redis.url,
      due: [2, 5, 8],
      cloud: { volumes: [{ name: 'vol-bad' }, { name: 'vol-good' }], faults: [{ operation: 'create', volume: 'vol-bad', effect: { kind: 'code', code: 'EVS.5400' } }] },
      notifications: '[{ name: ops, url: { env: HOOK } }]',
      env: { HOOK: `${hook.url}/hook` },
    });
    const { service, telemetry } = await scene.serve();
    await telemetry.until((told) => told.count('firing.finished') >= 3, 'three firings', 30_000);
    await scene.settle(service);

    expecting(hook.requests.length).toBeGreaterThan(0);
    expecting(telemetry.count('notification.sent')).toBe(0);
    for (const { durationMs, runs } of telemetry.of('firing.finished')) {
      expecting(runs).toMatchObject({ available: 1, failed: 1 });
      expecting(durationMs).toBeLessThan(2_500);
    }
    const stoppingAt = performance.now();
    await service.stop(1_000);
    expecting(performance.now() - stoppingAt).toBeLessThan(10_000);
  });
});

test('on the queue: 500 is tried again when Retry-After says, 400 is not, and a call that was made is not made again', async () => {
  await using hook = await receiving();
  const at: number[] = [];
  const note = (status: number) => () => {
    at.push(performance.now());
    return { status, headers: { 'retry-after': '6' } };
  };
  hook.on('POST', '/hook', note(500), note(200));
  hook.on('POST', '/gone', { status: 400 });
  await using scene = await notificationStage({
    redisUrl: redis.url,
    env: { NOTIFY_URL: `${hook.url}/hook`, GONE_URL: `${hook.url}/gone` },
    notifications: [receiver(), receiver({ name: 'gone', url: { env: 'GONE_URL' } })],
  });
  scene.replica();
  scene.replica();
  const firing = await scene.finish({ 'vol-a': 'failed' });
  await scene.notifier().look(new AbortController().signal);
  await scene.telemetry.until((told) => told.count('notification.sent') === 1, 'the second try');

  expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(5_950);
  expect(hook.count('POST', '/hook')).toBe(2);
  expect(hook.count('POST', '/gone')).toBe(1);
  expect(scene.telemetry.of('notification.retry')).toMatchObject([{ receiver: 'ops', httpStatus: 500, attempt: 1, delayMs: 6_000 }]);
  expect(scene.telemetry.of('notification.failed')).toMatchObject([{ receiver: 'gone', httpStatus: 400, attempt: 1 }]);
  const [first, second] = hook.requests.filter(({ path }) => path === '/hook').map(({ body }) => body);
  expect(second).toBe(first);
  expect(firing.counts.failed).toBe(1);
});

// paperclipai/paperclip #2659, cloudfoundry/bosh-openstack-cpi-release #351, DataDog/integrations-core #1114
test('A43: neither logs at debug level nor anything in Redis holds a part of a URL or a secret', async () => {
  await using hook = await receiving();
  hook.on('POST', '/canary-path', { status: 500 });
  hook.on('POST', '/canary-gone', { status: 404 });
  hook.on('GET', '/canary-beat', { status: 503 });
  const origin = hook.url.replace('//', '//canary-user:canary-pass@');
  await using scene = await notificationStage({
    redisUrl: redis.url,
    env: { NOTIFY_URL: `${origin}/canary-path?token=canary-query`, GONE_URL: `${origin}/canary-gone`, SECRET: 'canary-secret', BEAT_URL: `${origin}/canary-beat` },
    notifications: [receiver({ secret: { env: 'SECRET' } }), receiver({ name: 'gone', url: { env: 'GONE_URL' }, format: 'slack' })],
    policies: [policyOf('nightly', { heartbeat: { url: { env: 'BEAT_URL' } } })],
  });
  await scene.finish({ 'vol-a': 'failed' }, 1_000_000);
  await scene.finish({ 'vol-a': 'available' }, 2_000_000);
  await scene.notifier().look(new AbortController().signal);
  scene.replica();
  await scene.telemetry.until((told) => told.count('notification.retry') === 2 && told.count('notification.failed') === 1, 'all three tries');

  let logs = '';
  const log = logTelemetry(await createLogger({ level: 'debug', pretty: false, stream: { write: (line) => void (logs += line) } }));
  for (const { event, fields } of scene.telemetry.events) log.emit(event, fields);
  const client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  const stored = await textsIn(client, `{snapkeep:${scene.instance}}*`);
  client.disconnect();
  expect(stored).toContain('no snapshot of vol-a');
  expect(stored).toContain('answered 500');
  expect(logs).toContain('notification.retry');
  expect((logs + stored).match(/canary-\w+/g)).toBeNull();
});
