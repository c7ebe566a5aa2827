import { readFile, truncate } from 'node:fs/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { TOKEN, gaugeOf, post, quickCloud, watchedService, yearly } from './watched-service.ts';
import type { Watched } from './watched-service.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

/** How many workers of this service take runs of a target, as Redis sees them. */
async function workers({ service }: Watched, target: string): Promise<number> {
  const client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  try {
    const name = `name=${keyPrefix(service.policies.current().instance)}:${Buffer.from(`runs-${target}`).toString('base64')} `;
    return String(await client.call('CLIENT', 'LIST')).split('\n').filter((line) => line.includes(name)).length;
  } finally {
    client.disconnect();
  }
}

async function status(url: string): Promise<number> {
  return (await fetch(url)).status;
}

/** Fires the policy and waits for the end of its runs. */
async function fire({ service }: Watched, policy: string): Promise<Readonly<Record<string, number>>> {
  const { json } = await post(service, `/api/v1/policies/${policy}/trigger`);
  const firing = await waitFor(() => service.ledger.firing(String(json['firingId'])), (found) => found?.finishedAt !== null && found !== null, { what: `the firing of ${policy} to end`, timeoutMs: 25_000, intervalMs: 20 });
  return { ...firing?.counts };
}

describe.concurrent('a running service whose policy files change', { timeout: 60_000 }, () => {
  test('a new policy, a changed one and one that is gone', async ({ expect }) => {
    await using cloud = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    const targets = { one: { cloud } };
    await using scene = await watchedService(redis.url, { targets, policies: [yearly('kept', 'one'), yearly('gone', 'one')] });
    await scene.write({ targets, policies: [yearly('kept', 'one', 'heartbeat: { url: { env: NOWHERE } }').replace('force: true', 'force: false, metadata: { team: new }'), yearly('added', 'one')] });
    await scene.reloaded(1);
    expect(scene.telemetry.of('config.reloaded')).toMatchObject([{ policiesAdded: { names: ['added'] }, policiesRemoved: { names: ['gone'] }, policiesChanged: { names: ['kept'] } }]);
    expect((await post(scene.service, '/api/v1/policies/gone/trigger')).status).toBe(404);
    expect(await fire(scene, 'added')).toMatchObject({ available: 1 });
    expect(await fire(scene, 'kept')).toMatchObject({ available: 1 });
    expect(cloud.ledger.creates().at(-1)?.body).toMatchObject({ snapshot: { force: false, metadata: { team: 'new' } } });
    const metrics = await (await fetch(`${scene.service.url}/metrics`)).text();
    expect(metrics).toContain('snapkeep_policy_rpo_seconds{target="one",policy="added"}');
    expect(metrics).not.toContain('policy="gone"');
  });

  test('a file cut off in the middle: refused with its place, ready all along, in force again when it is whole', async ({ expect }) => {
    await using cloud = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    const written = { targets: { one: { cloud } }, policies: [yearly('kept', 'one')] };
    await using scene = await watchedService(redis.url, written);
    const loadedAt = await gaugeOf(scene.service, 'snapkeep_config_last_reload_timestamp_seconds');
    expect(await gaugeOf(scene.service, 'snapkeep_config_last_reload_successful')).toBe(1);
    await truncate(scene.policyFile, (await readFile(scene.policyFile)).length - 30);
    await scene.telemetry.until((told) => told.count('config.refused') >= 1, 'the refusal');
    expect(scene.telemetry.of('config.refused')[0]?.errorMessage).toMatch(/policies\.yaml:\d+:\d+: /);
    expect(await gaugeOf(scene.service, 'snapkeep_config_last_reload_successful')).toBe(0);
    expect(await status(`${scene.service.url}/readyz`)).toBe(200);
    expect(await fire(scene, 'kept')).toMatchObject({ available: 1 });

    await scene.write(written);
    await scene.reloaded(1);
    expect(await gaugeOf(scene.service, 'snapkeep_config_last_reload_successful')).toBe(1);
    expect(await gaugeOf(scene.service, 'snapkeep_config_last_reload_timestamp_seconds')).toBe(loadedAt);
    expect(scene.telemetry.count('config.refused')).toBe(1);
  });

  test('another instance is refused', async ({ expect }) => {
    await using cloud = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    const written = { targets: { one: { cloud } }, policies: [yearly('kept', 'one')] };
    await using scene = await watchedService(redis.url, written);
    await scene.write({ ...written, instance: 'somebody-else' });
    await scene.telemetry.until((told) => told.count('config.refused') >= 1, 'the refusal');
    expect(scene.telemetry.of('config.refused')[0]?.errorMessage).toContain('restart the service');
    expect(await fire(scene, 'kept')).toMatchObject({ available: 1 });
  });

  test('a new target is served at once and shows on the board of the queues', async ({ expect }) => {
    await using one = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    await using two = await quickCloud({ volumes: [{ name: 'vol-1' }, { name: 'vol-2' }] });
    await using scene = await watchedService(redis.url, { targets: { one: { cloud: one } }, policies: [yearly('first', 'one')] });
    const queues = async (): Promise<string[]> => {
      const answer = await fetch(`${scene.service.url}/queues/api/queues`, { headers: { authorization: `Bearer ${TOKEN}` } });
      return ((await answer.json()) as { queues: { name: string }[] }).queues.map(({ name }) => name);
    };
    expect(await queues()).toEqual(['runs-one']);
    await scene.write({ targets: { one: { cloud: one }, two: { cloud: two } }, policies: [yearly('first', 'one'), yearly('second', 'two')] });
    await scene.reloaded(1);
    expect(await status(`${scene.service.url}/readyz`)).toBe(200);
    expect(await fire(scene, 'second')).toMatchObject({ available: 2 });
    expect(two.ledger.committedCreates()).toHaveLength(2);
    expect(await queues()).toEqual(['runs-one', 'runs-two']);
    expect(await fire(scene, 'first')).toMatchObject({ available: 1 });
  });

  test('a changed target: new calls go to the new endpoint at the new limits, no run under way is lost', async ({ expect }) => {
    const volumes = Array.from({ length: 6 }, (_, n) => ({ name: `vol-${n}` }));
    await using before = await quickCloud({ volumes, latencyMs: { create: 3_000 } });
    await using after = await quickCloud({ volumes: [{ name: 'vol-1' }, { name: 'vol-2' }, { name: 'vol-3' }], latencyMs: { create: 300 } });
    const policies = [yearly('often', 'one')];
    await using scene = await watchedService(redis.url, { targets: { one: { cloud: before } }, policies });
    const firing = fire(scene, 'often');
    await scene.telemetry.until((told) => told.count('snapshot.requested') >= 6, 'the create calls');
    await scene.write({ targets: { one: { cloud: before, limits: 'concurrentCreates: 1' } }, policies });
    await scene.reloaded(1);
    expect(await firing).toMatchObject({ available: 6 });
    expect(before.ledger.creates().map(({ status: each }) => each)).toEqual([202, 202, 202, 202, 202, 202]);

    await scene.write({ targets: { one: { cloud: after, limits: 'concurrentCreates: 1' } }, policies });
    await scene.reloaded(2);
    expect(await fire(scene, 'often')).toMatchObject({ available: 3 });
    expect(before.ledger.creates()).toHaveLength(6);
    const times = after.ledger.creates().map(({ at }) => at).toSorted((a, b) => a - b);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(250);
    expect((times[2] ?? 0) - (times[1] ?? 0)).toBeGreaterThanOrEqual(250);
    expect(scene.telemetry.count('run.retry')).toBe(0);
    await waitFor(() => workers(scene, 'one'), (count) => count === 1, { what: 'the replaced workers to end' });
  });

  test('a target that is gone is served until its runs have ended; runs not begun are skipped', async ({ expect }) => {
    const volumes = Array.from({ length: 4 }, (_, n) => ({ name: `vol-${n}` }));
    await using one = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    await using two = await quickCloud({ volumes, latencyMs: { create: 4_000 }, creation: { minMs: 1_000, maxMs: 1_000 } });
    const first = [yearly('first', 'one')];
    await using scene = await watchedService(redis.url, { targets: { one: { cloud: one }, two: { cloud: two, limits: 'concurrentCreates: 2' } }, policies: [...first, yearly('second', 'two')] });
    const firing = fire(scene, 'second');
    await scene.telemetry.until((told) => told.count('snapshot.requested') >= 2, 'the first create calls');
    await scene.write({ targets: { one: { cloud: one } }, policies: first });
    await scene.reloaded(1);
    expect(await firing).toMatchObject({ available: 2, skipped: 2, pending: 0 });
    expect(scene.telemetry.of('run.skipped').map(({ reason }) => reason)).toEqual(['the policy is gone', 'the policy is gone']);
    expect(two.snapshots().map(({ status: each }) => each)).toEqual(['available', 'available']);
    await waitFor(() => workers(scene, 'two'), (count) => count === 0, { what: 'the worker of the target that is gone to end', timeoutMs: 15_000 });
    expect(await fire(scene, 'first')).toMatchObject({ available: 1 });
    expect(await status(`${scene.service.url}/readyz`)).toBe(200);
  });
});
