import { afterAll, beforeAll, expect, it } from 'vitest';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { metricsOf, openScene } from './scene.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

it('A19 the cloud makes the snapshot and answers after the time-out, on every attempt: one snapshot, found and adopted', async () => {
  await using scene = await openScene(redis.url, {
    late: {
      timeout: '1s',
      retry: '{ attempts: 3, backoff: { initial: 100ms, max: 200ms }, grace: 4s, deadline: 5m }',
      cloud: {
        volumes: [{ name: 'vol-at-once' }, { name: 'vol-later' }],
        faults: [
          { operation: 'create', volume: 'vol-at-once', nth: [1, 3], effect: { kind: 'delay', delayMs: 3_000, commit: 'before' } },
          // Made only after the first look has found nothing.
          { operation: 'create', volume: 'vol-later', nth: [1, 3], effect: { kind: 'hang', commitAfterMs: 2_500 } },
        ],
      },
    },
  });
  const cloud = scene.clouds.late;
  const { service, telemetry } = await scene.serve();
  await scene.firingsEnded(service);

  const runs = await scene.runs(service, 'late');
  expect(runs).toHaveLength(2);
  for (const run of runs) {
    expect(run).toMatchObject({ outcome: 'available', adopted: true, tries: 1, failure: null });
    expect(run.attempts.map(({ result, code }) => [result, code])).toEqual([['unknown', 'timeout'], ['adopted', null]]);
    expect(cloud.ledger.creates({ volumeId: run.volumeId })).toHaveLength(1);
    expect(cloud.snapshots({ volumeId: run.volumeId }).map(({ id, status }) => ({ id, status }))).toEqual([{ id: run.snapshotId, status: 'available' }]);
  }
  // Looked for before anything else was asked for.
  const order = cloud.ledger.requests().map(({ operation }) => operation).filter((operation) => operation === 'list' || operation === 'create');
  expect(order.filter((operation) => operation === 'list').length).toBeGreaterThanOrEqual(2);
  expect(await metricsOf(service, 'snapkeep_snapshots_adopted_total')).toEqual(['snapkeep_snapshots_adopted_total{target="late",policy="late"} 2']);
  expect(await metricsOf(service, 'snapkeep_runs_total')).toEqual(['snapkeep_runs_total{target="late",policy="late",outcome="available"} 2']);
  expect((await service.ledger.protections('late')).every(({ lastGoodAt }) => lastGoodAt !== null)).toBe(true);
  expect(telemetry.count('run.failed')).toBe(0);
}, 40_000);
