import { afterAll, beforeAll, beforeEach, afterEach, describe, expect, test } from 'vitest';
import { runIdIn } from '#domain/naming/run-id';
import { HOUR, instant } from '#domain/time';
import { keysOf } from '../../src/adapters/redis/keys.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import type { Stub, StubRequest } from '../adapters/http-client/stub-server.ts';
import { policyOf } from '../fakes/world.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { notificationStage, receiver } from './notification-stage.ts';
import type { NotificationStage } from './notification-stage.ts';

let server: RedisServer;
let hook: Stub;
let env: Record<string, string>;
const forever = new AbortController().signal;

beforeAll(async () => {
  server = await startRedis();
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  hook = await startStub();
  hook.on('POST', '/hook', { status: 204 });
  env = { NOTIFY_URL: `${hook.url}/hook`, BEAT_URL: `${hook.url}/beat` };
});
afterEach(async () => {
  await hook.close();
});

interface Event {
  readonly id: string;
  readonly type: string;
  readonly subject?: string;
  readonly data: { readonly volumes: readonly { readonly id: string }[]; readonly due?: string; readonly final?: boolean; readonly stillOverdue?: number };
}

function eventOf({ body }: StubRequest): Event {
  return JSON.parse(body) as Event;
}

function received(): Event[] {
  return hook.requests.filter(({ path }) => path === '/hook').map(eventOf);
}

async function untilSent(stage: NotificationStage, count: number): Promise<void> {
  await stage.telemetry.until((told) => told.count('notification.sent') >= count, `${count} calls`);
}

describe('a firing that ended', () => {
  test('two replicas look at the same time: one notification for all its failed runs, none for a good firing', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env });
    const [one, other] = [stage.notifier(), stage.notifier()];
    await stage.finish({ 'vol-a': 'available' }, Date.now() - 60_000);
    const { due } = await stage.finish({ 'vol-a': 'failed', 'vol-b': 'abandoned', 'vol-c': 'available', 'vol-d': 'skipped' });

    await Promise.all([one.look(forever), other.look(forever)]);
    stage.replica();
    stage.replica();
    await untilSent(stage, 1);
    await one.look(forever);
    // A call about something else comes after whatever else had been queued.
    other.configRefused({ problems: 1, errorMessage: 'no' });
    const stop = new AbortController();
    const running = other.run(stop.signal);
    await untilSent(stage, 2);
    stop.abort();
    await running;

    const events = received();
    expect(events.map(({ type }) => type)).toEqual(['io.snapkeep.run.failed', 'io.snapkeep.config.refused']);
    expect(events[0]).toMatchObject({
      source: `snapkeep/${stage.instance}`,
      subject: 'nightly',
      data: {
        due: new Date(due).toISOString().replace('.000', ''),
        final: true,
        runs: { available: 1, failed: 1, skipped: 1, abandoned: 1, pending: 0 },
        volumes: [
          { id: 'vol-a', name: 'name of vol-a', outcome: 'failed', httpStatus: 400, code: 'EVS.5400', message: 'no snapshot of vol-a', requestId: 'req-vol-a' },
          { id: 'vol-b', outcome: 'abandoned' },
        ],
      },
    });
    expect(hook.requests[0]?.headers['content-type']).toBe('application/cloudevents+json');
    expect(await stage.ledger.endedFirings(10)).toEqual([]);
  });

  test('whoever ended it died before saying so: the next process tells it', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env });
    await stage.finish({ 'vol-a': 'failed' });

    stage.replica();
    await untilSent(stage, 1);

    expect(received()).toMatchObject([{ type: 'io.snapkeep.run.failed' }]);
  });

  test('a notifier that dies after queueing leaves a firing that is told once all the same', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env });
    const firing = await stage.finish({ 'vol-a': 'failed' });
    await stage.notifier().look(forever);
    // As if the step that forgets it had not been reached.
    await stage.redis.zadd(keysOf(stage.instance).ended, Date.now(), firing.id);

    stage.replica();
    await untilSent(stage, 1);
    await waitFor(() => stage.ledger.endedFirings(1), (ids) => ids.length === 0, { what: 'the firing to be dealt with' });

    expect(received()).toHaveLength(1);
  });

  test('who begins to tell leaves out what ended long before, and what waited for over a day', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env });
    const keys = keysOf(stage.instance);
    const ended = async (ago: number, due: number): Promise<void> => {
      const { id } = await stage.finish({ 'vol-a': 'failed' }, due);
      await stage.redis.hset(keys.firing(id), 'finished', String(Date.now() - ago));
    };
    await ended(10 * 60_000, 1_000_000);
    await ended(60_000, 2_000_000);
    const notifier = stage.notifier();
    await notifier.look(forever);
    await stage.redis.set(keys.noticesSince, '0');
    await ended(25 * HOUR, 3_000_000);
    await ended(23 * HOUR, 4_000_000);
    await notifier.look(forever);

    stage.replica();
    await untilSent(stage, 2);

    expect(new Set(received().map(({ data }) => data.due))).toEqual(new Set(['1970-01-01T00:33:20Z', '1970-01-01T01:06:40Z']));
  });

  test('a Redis that has lost everything has nothing to say of what was before, and tells what comes after', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env });
    await stage.finish({ 'vol-a': 'failed' }, 1_000_000);
    await stage.redis.flushall();
    stage.replica({ delivers: false });
    const notifier = stage.notifier();

    await notifier.look(forever);
    expect(await stage.redis.keys(`{snapkeep:${stage.instance}}:notifications:n*`)).toEqual([]);
    await stage.finish({ 'vol-a': 'failed' }, 2_000_000);
    await notifier.look(forever);
    expect(await stage.redis.keys(`{snapkeep:${stage.instance}}:notifications:n*`)).toHaveLength(1);
  });

  test('the heartbeat is called after a fully good firing only', async () => {
    hook.on('GET', '/beat', { status: 200 });
    await using stage = await notificationStage({ redisUrl: server.url, env, notifications: [], policies: [policyOf('nightly', { heartbeat: { url: { env: 'BEAT_URL' } } })] });
    await stage.finish({}, 1_000_000);
    await stage.finish({ 'vol-a': 'available', 'vol-b': 'failed' }, 2_000_000);
    await stage.finish({ 'vol-a': 'available', 'vol-b': 'skipped' }, 3_000_000);
    await stage.finish({ 'vol-a': 'available' }, 4_000_000, 'another');
    await stage.finish({ 'vol-a': 'available', 'vol-b': 'available' }, 5_000_000);

    await stage.notifier().look(forever);
    const counts = await stage.redis.keys(`{snapkeep:${stage.instance}}:notifications:n*`);
    stage.replica();
    await untilSent(stage, 1);

    expect(counts).toHaveLength(1);
    expect(hook.requests.map(({ method, path, body }) => ({ method, path, body }))).toEqual([{ method: 'GET', path: '/beat', body: '' }]);
    expect(stage.telemetry.of('notification.sent')).toMatchObject([{ receiver: 'heartbeat', about: 'heartbeat', policy: 'nightly', httpStatus: 200 }]);
  });
});

test('failures of a firing that goes on are told after ten minutes, once, and its end again', async () => {
  await using stage = await notificationStage({ redisUrl: server.url, env });
  const notifier = stage.notifier();
  const [now, storeNow] = [await stage.ledger.now(), stage.ledger.now.bind(stage.ledger)];
  const read: string[] = [];
  const runsOfFiring = stage.ledger.runsOfFiring.bind(stage.ledger);
  stage.ledger.runsOfFiring = (id) => {
    read.push(id);
    return runsOfFiring(id);
  };
  const lookAfter = async (minutes: number): Promise<void> => {
    stage.ledger.now = async () => instant(now + minutes * 60_000);
    await notifier.look(forever);
  };
  const firing = await stage.open({ 'vol-a': 'failed', 'vol-b': 'available' }, 1_000_000);
  await lookAfter(0);
  await lookAfter(9);
  expect(read).toEqual([]);
  await lookAfter(11);
  await lookAfter(13);
  expect(read).toHaveLength(1);

  stage.replica();
  await untilSent(stage, 1);
  const last = await stage.ledger.run(runIdIn(firing.id, 'under way'));
  if (last === null) throw new Error('the last run is not recorded');
  await stage.ledger.endRun(firing, { ...last.run, phase: 'ended', outcome: 'failed', finishedAt: now }, last.revision);
  stage.ledger.now = storeNow;
  await notifier.look(forever);
  await untilSent(stage, 2);

  expect(received()).toMatchObject([
    { type: 'io.snapkeep.run.failed', data: { final: false, runs: { pending: 1 }, volumes: [{ id: 'vol-a' }] } },
    { type: 'io.snapkeep.run.failed', data: { final: true, runs: { pending: 0, failed: 2 }, volumes: [{ id: 'under way' }, { id: 'vol-a' }] } },
  ]);
});

test('a brake and refused files go to whoever lists them', async () => {
  hook.on('POST', '/slack', { status: 200, body: 'ok' });
  await using stage = await notificationStage({
    redisUrl: server.url,
    env: { ...env, SLACK_URL: `${hook.url}/slack` },
    notifications: [receiver({ events: ['config.refused'], policies: ['nothing-like-it'] }), receiver({ name: 'chat', format: 'slack', url: { env: 'SLACK_URL' }, events: ['prune.braked'], policies: ['night*'] })],
  });
  const runtime = stage.replica();
  runtime.told('config.refused', { problems: 2, errorMessage: 'a.yaml:1:1: <no>' });
  runtime.told('prune.braked', { policy: 'nightly', target: 'eu-prod', reason: 'more than half', expired: 8, good: 14, revision: 'r1' });
  runtime.told('prune.braked', { policy: 'nightly', target: 'eu-prod', reason: 'more than half', expired: 8, good: 14, revision: 'r1' });
  runtime.told('prune.braked', { policy: 'weekly', target: 'eu-prod', reason: 'more than half', expired: 8, good: 14, revision: 'r1' });
  await untilSent(stage, 2);

  expect(received()).toMatchObject([{ type: 'io.snapkeep.config.refused', data: { problems: 2, message: 'a.yaml:1:1: <no>' } }]);
  const chat = hook.requests.filter(({ path }) => path === '/slack').map(({ body }) => JSON.parse(body) as { text: string });
  expect(chat.map(({ text }) => text)).toEqual([`nightly (${stage.instance}): pruning has stopped: 8 of 14 snapshots would be deleted at once`]);
});
