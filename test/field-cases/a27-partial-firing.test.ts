import { afterAll, beforeAll, expect, it } from 'vitest';
import { readStatus } from '#app/read-status';
import type { Run } from '#domain/run';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { metricsOf, openScene } from './scene.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

it('A27 one volume ends in error after the 202, one is answered 500 three times, one is good: the firing is partial', async () => {
  await using scene = await openScene(redis.url, {
    partial: {
      retry: '{ attempts: 3, backoff: { initial: 100ms, max: 200ms }, grace: 500ms, deadline: 5m }',
      rpo: '1s',
      cloud: {
        volumes: [{ name: 'vol-a' }, { name: 'vol-b' }, { name: 'vol-c' }],
        faults: [
          { operation: 'create', volume: 'vol-a', effect: { kind: 'snapshot-error' } },
          { operation: 'create', volume: 'vol-b', nth: [1, 3], effect: { kind: 'code', code: 'EVS.5500' } },
        ],
      },
    },
  });
  const cloud = scene.clouds.partial;
  const { service, telemetry } = await scene.serve();
  await scene.firingsEnded(service, 30_000);
  await telemetry.until((told) => told.count('firing.finished') === 1, 'the firing to be told');

  const runs = await scene.runs(service, 'partial');
  const byName: Readonly<Record<string, Run | undefined>> = Object.fromEntries(runs.map((run) => [run.volumeName, run]));
  expect(byName['vol-a']).toMatchObject({ outcome: 'failed', tries: 3, failure: { kind: 'transient', code: 'snapshot_error' } });
  expect(byName['vol-a']?.attempts.map(({ result }) => result)).toEqual(['accepted', 'error', 'accepted', 'error', 'accepted', 'error']);
  expect(byName['vol-b']).toMatchObject({ outcome: 'failed', tries: 3, failure: { kind: 'transient', httpStatus: 500, code: 'EVS.5500' } });
  expect(byName['vol-c']).toMatchObject({ outcome: 'available', tries: 1, failure: null });

  // Only what really is good counts as protection.
  const ids = Object.fromEntries(cloud.volumes().map(({ name, id }) => [name, id]));
  const good = (await service.ledger.protections('partial')).filter(({ lastGoodAt }) => lastGoodAt !== null);
  expect(good.map(({ volumeId }) => volumeId)).toEqual([ids['vol-c']]);
  expect(good[0]?.lastGoodAt).toBe(cloud.snapshots({ volumeId: ids['vol-c'] ?? '' })[0]?.createdAt ?? 'no snapshot');

  const labels = 'target="partial",policy="partial"';
  expect(await metricsOf(service, 'snapkeep_runs_total')).toEqual([`snapkeep_runs_total{${labels},outcome="available"} 1`, `snapkeep_runs_total{${labels},outcome="failed"} 2`]);
  expect(await metricsOf(service, 'snapkeep_failures_total')).toEqual([
    `snapkeep_failures_total{${labels},kind="transient",status="500",code="EVS.5500"} 3`,
    `snapkeep_failures_total{${labels},kind="transient",status="none",code="snapshot_error"} 3`,
  ]);
  expect(telemetry.of('firing.finished')).toMatchObject([{ runs: { available: 1, failed: 2, pending: 0 } }]);
  expect(new Map(telemetry.of('run.failed').map(({ volumeId, errorCode }) => [volumeId, errorCode]))).toEqual(new Map([[ids['vol-a'], 'snapshot_error'], [ids['vol-b'], 'EVS.5500']]));
  expect(telemetry.count('run.failed')).toBe(2);

  // What an operator asks does not look green.
  const policyStatus = async () => (await readStatus({ ...service, book: { brakes: async () => new Map() } })).policies[0];
  expect((await policyStatus())?.lastFiring?.runs).toMatchObject({ available: 1, failed: 2 });
  const overdue = async () => Object.fromEntries(((await policyStatus())?.overdueVolumes ?? []).map(({ name, reason }) => [name, reason]));
  // Once they are older than the objective.
  await expect.poll(overdue, { timeout: 10_000 }).toMatchObject({
    'vol-a': expect.stringContaining('no good snapshot yet; last run failed: the snapshot'),
    'vol-b': expect.stringContaining('no good snapshot yet; last run failed: The server has either erred'),
  });
  // Those that failed do not stay behind and count against the quota.
  expect(cloud.snapshots().map(({ volumeId, status }) => [volumeId, status])).toEqual([[ids['vol-c'], 'available']]);
}, 60_000);
