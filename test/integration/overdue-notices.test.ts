import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { HOUR, addMs, durationMs } from '#domain/time';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import type { Stub } from '../adapters/http-client/stub-server.ts';
import { policyOf } from '../fakes/world.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { notificationStage } from './notification-stage.ts';
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
  env = { NOTIFY_URL: `${hook.url}/hook` };
});
afterEach(async () => {
  await hook.close();
});

interface Event {
  readonly type: string;
  readonly data: { readonly volumes: readonly { readonly id: string }[]; readonly stillOverdue?: number };
}

function received(): Event[] {
  return hook.requests.map(({ body }) => JSON.parse(body) as Event);
}

async function untilSent(stage: NotificationStage, count: number): Promise<void> {
  await stage.telemetry.until((told) => told.count('notification.sent') >= count, `${count} calls`);
}

describe('volumes', () => {
  const good = (ago: number) => addMs(systemClock.now(), -ago);

  test('overdue is told once, also by another process, and recovered after it', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env, policies: [policyOf('nightly', { rpo: durationMs(HOUR) })] });
    await stage.ledger.setCovered('nightly', ['vol-a', 'vol-b', 'vol-c'], good(3 * HOUR));
    await stage.ledger.markGood('nightly', 'vol-a', good(2 * HOUR));
    await stage.ledger.markGood('nightly', 'vol-c', good(1_000));
    await stage.finish({ 'vol-b': 'failed' }, 1_000_000);

    await stage.notifier().look(forever);
    await stage.notifier().look(forever);
    stage.replica();
    await untilSent(stage, 2);
    await stage.ledger.markGood('nightly', 'vol-a', good(0));
    await stage.ledger.setCovered('nightly', ['vol-a', 'vol-c'], good(0));
    await stage.notifier().look(forever);
    await untilSent(stage, 3);

    const events = received().filter(({ type }) => type !== 'io.snapkeep.run.failed');
    expect(events.map(({ type, data }) => [type, data.volumes.map(({ id }) => id)])).toEqual([
      ['io.snapkeep.volume.overdue', ['vol-a', 'vol-b']],
      ['io.snapkeep.volume.recovered', ['vol-a']],
    ]);
    expect(events[0]?.data.volumes).toMatchObject([{ name: null }, { name: 'name of vol-b', reason: 'no good snapshot yet; last run failed: no snapshot of vol-b' }]);
    expect(events[1]?.data.stillOverdue).toBe(0);
  });

  test('a look costs no read of a policy whose volumes are well', async () => {
    await using stage = await notificationStage({ redisUrl: server.url, env, policies: Array.from({ length: 200 }, (_, n) => policyOf(`p${n}`)) });
    await Promise.all(Array.from({ length: 200 }, (_, n) => stage.ledger.setCovered(`p${n}`, ['vol-a'], good(0))));
    const notifier = stage.notifier();
    await notifier.look(forever);
    const asked: string[] = [];
    const protections = stage.ledger.protections.bind(stage.ledger);
    stage.ledger.protections = async (policy) => {
      asked.push(policy);
      return protections(policy);
    };

    await notifier.look(forever);
    await stage.finish({ 'vol-a': 'available' }, 1_000_000, 'p7');
    await notifier.look(forever);

    expect(asked).toEqual(['p7']);
  });
});
