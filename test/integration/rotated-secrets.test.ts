import { rename, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { post, quickCloud, watchedService, yearly } from './watched-service.ts';
import type { Watched } from './watched-service.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

/** Fires the policy and tells how its only run ended. */
async function outcome({ service }: Watched): Promise<string> {
  const { json } = await post(service, '/api/v1/policies/p/trigger');
  const firing = await waitFor(() => service.ledger.firing(String(json['firingId'])), (found) => found !== null && found.finishedAt !== null, { what: 'the firing to end', timeoutMs: 20_000, intervalMs: 20 });
  const [newest] = (await service.ledger.runs({ policy: 'p', limit: 1 })).runs;
  return [newest?.run.outcome, newest?.run.failure?.kind, firing?.counts.pending].filter(Boolean).join(' ');
}

/** As a mounted secret is swapped. */
async function rotate({ passwordFile }: Watched, password: string): Promise<void> {
  await writeFile(`${passwordFile}.new`, `${password}\n`);
  await rename(`${passwordFile}.new`, passwordFile);
}

describe.concurrent('a password that is changed under a running service', { timeout: 60_000 }, () => {
  test('first in its file: the next login uses it, and no call fails', async ({ expect }) => {
    await using cloud = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    await using scene = await watchedService(redis.url, { targets: { one: { cloud } }, policies: [yearly('p', 'one')] });
    expect(await outcome(scene)).toBe('available');
    cloud.changePassword('rotated-1f0a7c');
    await rotate(scene, 'rotated-1f0a7c');
    expect(await outcome(scene)).toBe('available');
    expect(cloud.ledger.count({ operation: 'auth' })).toBe(1);
    cloud.expireTokens();
    expect(await outcome(scene)).toBe('available');
    expect(cloud.ledger.count({ operation: 'auth' })).toBe(2);
    expect(scene.telemetry.count('auth.failed')).toBe(0);
    expect(cloud.ledger.creates().filter(({ status }) => status === 202)).toHaveLength(3);
  });

  test('first in the cloud: the wrong one is tried once and not again before the file says another', async ({ expect }) => {
    await using cloud = await quickCloud({ volumes: [{ name: 'vol-1' }] });
    await using scene = await watchedService(redis.url, { targets: { one: { cloud } }, policies: [yearly('p', 'one')] });
    expect(await outcome(scene)).toBe('available');
    cloud.changePassword('rotated-1f0a7c');
    cloud.expireTokens();
    await post(scene.service, '/api/v1/policies/p/trigger');
    await scene.telemetry.until((told) => told.count('firing.plan_failed') >= 1, 'the cloud to refuse');
    const { length } = cloud.ledger.requests({ operation: 'auth', status: 401 });
    await post(scene.service, '/api/v1/policies/p/trigger');
    await scene.telemetry.until((told) => told.count('firing.plan_failed') >= 2, 'the second firing to be refused');
    expect([length, cloud.ledger.requests({ operation: 'auth', status: 401 }).length]).toEqual([1, 1]);
    expect(scene.telemetry.of('auth.failed')).toMatchObject([{ target: 'one', httpStatus: 401 }]);
    await rotate(scene, 'rotated-1f0a7c');
    expect(await outcome(scene)).toBe('available');
    await scene.telemetry.until((told) => told.count('firing.finished') >= 4, 'what had to wait', 20_000);
    expect(scene.telemetry.count('auth.failed')).toBe(1);
    const text = JSON.stringify(scene.telemetry.events);
    expect(text).not.toContain('rotated-1f0a7c');
  });
});
