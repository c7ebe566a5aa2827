import { writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { TOKEN, post, quickCloud, watchedService, yearly } from './watched-service.ts';
import type { Watched } from './watched-service.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

let cloud: Simulator;
let scene: Watched;
beforeEach(async () => {
  cloud = await quickCloud({ volumes: [{ name: 'vol-1' }, { name: 'vol-2' }, { name: 'other' }] });
  scene = await watchedService(redis.url, { targets: { one: { cloud } }, policies: [yearly('nightly', 'one'), yearly('held', 'one', 'paused: true')] });
});
afterEach(async () => {
  await scene[Symbol.asyncDispose]();
  await cloud.close();
});

const NIGHTLY = '/api/v1/policies/nightly';

async function ended(firingId: unknown): Promise<Readonly<Record<string, number>>> {
  const firing = await waitFor(() => scene.service.ledger.firing(String(firingId)), (found) => found !== null && found.finishedAt !== null, { what: 'the firing to end', intervalMs: 20 });
  return { ...firing?.counts };
}

async function statusOf(policy: string): Promise<Record<string, unknown>> {
  const answer = (await (await fetch(`${scene.service.url}/api/v1/status/${policy}`)).json()) as { policies: Record<string, unknown>[] };
  return answer.policies[0] ?? {};
}

describe('trigger', { timeout: 30_000 }, () => {
  test('all volumes of the policy, each snapshotted; the answer names the firing', async () => {
    const { status, json } = await post(scene.service, `${NIGHTLY}/trigger`);
    expect([status, json]).toEqual([200, { policy: 'nightly', due: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), firingId: expect.stringMatching(/^[0-9a-z]+$/) }]);
    expect(await ended(json['firingId'])).toMatchObject({ available: 2, failed: 0 });
    expect(cloud.snapshots().map(({ metadata }) => metadata['snapkeep_due'])).toEqual([json['due'], json['due']]);
    expect((await statusOf('nightly'))['lastFiring']).toMatchObject({ due: json['due'], trigger: 'manual' });
  });

  test('named volumes; one that the cloud does not know, or the policy does not cover, is a run that failed', async () => {
    const ids = new Map(cloud.volumes().map(({ id, name }) => [name, id]));
    const { status, json } = await post(scene.service, `${NIGHTLY}/trigger`, { volumes: [ids.get('vol-1'), ids.get('other'), 'no-such-volume'] });
    expect(status).toBe(200);
    expect(await ended(json['firingId'])).toMatchObject({ available: 1, failed: 2 });
    const { runs } = (await (await fetch(`${scene.service.url}/api/v1/runs?outcome=failed`)).json()) as { runs: { volumeId: string; failure: unknown }[] };
    expect(new Set(runs.map(({ volumeId }) => volumeId))).toEqual(new Set([ids.get('other'), 'no-such-volume']));
    expect(runs[0]?.failure).toMatchObject({ kind: 'not_found', code: 'not_covered', message: 'policy nightly does not cover this volume' });
  });

  test('twice in the same second is two firings', async () => {
    const both = await Promise.all([post(scene.service, `${NIGHTLY}/trigger`), post(scene.service, `${NIGHTLY}/trigger`)]);
    expect(new Set(both.map(({ json }) => json['due'])).size).toBe(2);
    for (const { json } of both) expect((await ended(json['firingId']))['pending']).toBe(0);
  });
});

describe('pause and resume', () => {
  test('show in the status at once', async () => {
    expect(await post(scene.service, `${NIGHTLY}/pause`)).toEqual({ status: 200, json: { policy: 'nightly', paused: true } });
    expect(await statusOf('nightly')).toMatchObject({ paused: true, nextDue: null });
    expect(await post(scene.service, `${NIGHTLY}/pause`)).toMatchObject({ status: 200 });
    expect(await post(scene.service, `${NIGHTLY}/resume`, { catchUp: true })).toEqual({ status: 200, json: { policy: 'nightly', paused: false, caughtUp: null } });
    expect(await statusOf('nightly')).toMatchObject({ paused: false, nextDue: expect.stringMatching(/-01-01T00:00:00Z$/) });
    expect(await post(scene.service, `${NIGHTLY}/resume`)).toMatchObject({ status: 200 });
  });

  test('a pause of the policy file is not lifted: 409', async () => {
    expect(await post(scene.service, '/api/v1/policies/held/resume')).toEqual({
      status: 409,
      json: { error: { code: 'refused', message: 'the policy file says paused: true for held; take it out there' } },
    });
    expect(await statusOf('held')).toMatchObject({ paused: true });
  });
});

describe('prune and plan', () => {
  test('a dry run tells what would go and what stays', async () => {
    const { json } = await post(scene.service, `${NIGHTLY}/trigger`);
    await ended(json['firingId']);
    const pruned = await post(scene.service, `${NIGHTLY}/prune`, { dryRun: true });
    expect(pruned).toMatchObject({ status: 200, json: { dryRun: true, policies: [{ policy: 'nightly', braked: false, deleted: [], failed: [] }] } });
    expect((pruned.json['policies'] as { kept: unknown[] }[])[0]?.kept).toHaveLength(2);
    const really = await post(scene.service, `${NIGHTLY}/prune`, { confirm: true });
    expect(really).toMatchObject({ status: 200, json: { dryRun: false, policies: [{ policy: 'nightly', braked: false, deleted: [], failed: [] }] } });
  });

  test('the plan tells the next due time and the volumes', async () => {
    const answer = await fetch(`${scene.service.url}/api/v1/plan?policy=nightly&horizon=366d`);
    expect(answer.status).toBe(200);
    const plan = (await answer.json()) as { dueTimes: unknown[]; policies: { volumes: unknown[]; prune: unknown[] }[] };
    expect(plan.dueTimes.length).toBeGreaterThan(0);
    expect(plan.policies).toMatchObject([{ policy: 'nightly', target: 'one', brake: null }]);
    expect(plan.policies[0]?.volumes).toHaveLength(2);
    expect(plan.policies[0]?.prune).toEqual([]);
  });
});

describe('who may', () => {
  const actions = ['trigger', 'pause', 'resume', 'prune'];

  test('only whoever shows the token: 401 for a wrong or no one, the right one works from then on when it is changed', async () => {
    for (const action of actions) {
      expect((await post(scene.service, `${NIGHTLY}/${action}`, {}, null)).status).toBe(401);
      expect(await post(scene.service, `${NIGHTLY}/${action}`, {}, 'wrong')).toMatchObject({ status: 401, json: { error: { code: 'unauthorized' } } });
    }
    await writeFile(scene.tokenFile, 'changed-token\n');
    await waitFor(() => post(scene.service, `${NIGHTLY}/pause`, {}, 'changed-token'), ({ status }) => status === 200, { what: 'the new token' });
    expect((await post(scene.service, `${NIGHTLY}/resume`, {}, TOKEN)).status).toBe(401);
    expect(await statusOf('nightly')).toMatchObject({ paused: true });
    expect(cloud.ledger.creates()).toEqual([]);
  });

  test('nobody where there is no token file: 403', async () => {
    await using closed = await watchedService(redis.url, { targets: { one: { cloud } }, policies: [yearly('nightly', 'one')] }, { adminToken: false });
    for (const action of actions) for (const token of [null, TOKEN, '']) expect((await post(closed.service, `${NIGHTLY}/${action}`, {}, token)).status).toBe(403);
  });

  test('an unknown policy is 404, a wrong body 400, a GET nothing', async () => {
    for (const action of actions) {
      expect(await post(scene.service, `/api/v1/policies/nobody/${action}`)).toEqual({ status: 404, json: { error: { code: 'not_found', message: 'no policy is called nobody' } } });
      expect((await post(scene.service, `${NIGHTLY}/${action}`, { nonsense: 1 })).status).toBe(400);
      expect((await fetch(`${scene.service.url}${NIGHTLY}/${action}`, { headers: { authorization: `Bearer ${TOKEN}` } })).status).toBe(404);
    }
    expect((await post(scene.service, '/api/v1/policies/Not%20A%20Name/pause')).status).toBe(400);
    for (const volumes of [[], [''], 'vol-1', [1]]) expect((await post(scene.service, `${NIGHTLY}/trigger`, { volumes })).status).toBe(400);
    expect(cloud.ledger.creates()).toEqual([]);
    expect((await fetch(`${scene.service.url}/api/v1/plan?policy=nobody`)).status).toBe(404);
  });
});
