import { afterAll, beforeAll, describe, test } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { metricsOf, openScene } from './scene.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

const available = (policy: string) => [`snapkeep_runs_total{target="${policy}",policy="${policy}",outcome="available"} 50`];

describe.concurrent('A24 the token expires in the middle of the work', () => {
  test('A24 50 jobs, all tokens void at once: one new login for all, each call repeated once, no job fails', async ({ expect }) => {
    await using scene = await openScene(redis.url, {
      expiring: { cloud: { volumes: 50, tokenLifeMs: 60_000, latencyMs: { auth: 2_000, create: 300, list: 200, show: 200 } } },
    });
    const cloud = scene.clouds.expiring;
    const { service, telemetry } = await scene.serve();
    await telemetry.until((told) => told.count('snapshot.accepted') >= 5, 'some create calls to be answered', 20_000);
    cloud.expireTokens();
    await scene.firingsEnded(service, 30_000);

    const runs = await scene.runs(service, 'expiring');
    expect(runs).toHaveLength(50);
    expect(runs.filter(({ outcome, tries }) => outcome !== 'available' || tries !== 1)).toEqual([]);
    expect(cloud.ledger.count({ operation: 'auth' })).toBe(2);
    const refused = cloud.ledger.requests({ status: 401 });
    expect(refused.length).toBeGreaterThan(1);
    // A create call that was refused is the only thing that may be sent a second time.
    for (const { volumeId } of cloud.ledger.creates({ status: 202 })) {
      const of = cloud.ledger.creates(volumeId === undefined ? {} : { volumeId }).map(({ status }) => status);
      expect([[202], [401, 202]]).toContainEqual(of);
    }
    expect(cloud.snapshots()).toHaveLength(50);
    expect(await metricsOf(service, 'snapkeep_runs_total')).toEqual(available('expiring'));
    expect(await metricsOf(service, 'snapkeep_failures_total')).toEqual([]);
    expect(telemetry.count('auth.failed') + telemetry.count('run.retry')).toBe(0);
    expect(telemetry.count('auth.renewed')).toBe(2);
  }, 60_000);

  test('A24 tokens that live five seconds: renewed ahead of their end, so that no call is refused', async ({ expect }) => {
    const lifeMs = 5_000;
    await using scene = await openScene(redis.url, {
      shortlived: { concurrentCreates: 2, cloud: { volumes: 50, tokenLifeMs: lifeMs, latencyMs: { auth: 300, create: 250 }, creation: { minMs: 1_000, maxMs: 2_000 } } },
    });
    const cloud = scene.clouds.shortlived;
    const { service, telemetry } = await scene.serve();
    await scene.firingsEnded(service, 40_000);

    expect((await scene.runs(service, 'shortlived')).filter(({ outcome, tries }) => outcome !== 'available' || tries !== 1)).toEqual([]);
    expect(cloud.ledger.requests({ status: 401 })).toEqual([]);
    const requests = cloud.ledger.requests();
    const seconds = ((requests.at(-1)?.at ?? 0) - (requests[0]?.at ?? 0)) / 1_000;
    // Each token is used for four fifths of its life, less the login's own time.
    expect(cloud.ledger.count({ operation: 'auth' })).toBeGreaterThanOrEqual(2);
    expect(cloud.ledger.count({ operation: 'auth' })).toBeLessThanOrEqual(2 + Math.ceil(seconds / ((lifeMs * 0.8) / 1_000)));
    expect(await metricsOf(service, 'snapkeep_runs_total')).toEqual(available('shortlived'));
    expect(telemetry.count('auth.failed') + telemetry.count('run.retry')).toBe(0);
  }, 60_000);
});
