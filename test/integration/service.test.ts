import { afterAll, beforeAll, describe, test } from 'vitest';
import { runIdOf } from '#domain/naming/run-id';
import { instant, isoSeconds } from '#domain/time';
import type { Simulator, SnapshotView } from '../../src/simulator/start-simulator.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { stage } from './running-service.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

function good(cloud: Simulator): SnapshotView[] {
  return cloud.snapshots().filter(({ status }) => status === 'available');
}

/** Runs that have more than one snapshot that is good or may become so. */
function duplicates(cloud: Simulator): number {
  const marks = cloud.snapshots().filter(({ status }) => status !== 'error').map(({ metadata }) => metadata['snapkeep_run']);
  return marks.length - new Set(marks).size;
}

interface CreateBody {
  readonly snapshot: { readonly volume_id: string; readonly name: string; readonly description: string; readonly force: unknown; readonly metadata: Readonly<Record<string, string>> };
}

function bodies(cloud: Simulator): CreateBody['snapshot'][] {
  return cloud.ledger.creates().map(({ body }) => (body as CreateBody).snapshot);
}

async function metrics(url: string, name: string): Promise<string[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`${name}{`)).toSorted();
}

// The tests wait for due times most of the while, so they do it side by side; each has its own cloud and its own instance in Redis.
describe.concurrent('the service, on a real Redis and a simulated cloud', { timeout: 40_000 }, () => {
  test('two due times: force and metadata in every create call, one good snapshot for each run', async ({ expect }) => {
    await using scene = await stage({ redisUrl: redis.url, due: [2, 6], cloud: { volumes: [{ name: 'vol-1' }, { name: 'vol-2', status: 'in-use' }, { name: 'vol-3' }, { name: 'other' }] } });
    const { cloud } = scene;
    const { service, telemetry } = await scene.serve();
    expect((await fetch(`${service.url}/livez`)).status).toBe(200);
    await waitFor(async () => (await fetch(`${service.url}/readyz`)).status, (status) => status === 200, { what: 'readiness' });
    await telemetry.until((told) => told.count('firing.finished') >= 2, 'two firings');
    await scene.settle(service);

    const firings = await service.ledger.firings('often', 100);
    const dues = firings.map(({ due }) => due).toReversed();
    expect(dues).toEqual([dues[0], (dues[0] ?? 0) + 4_000]);
    expect(firings.every(({ total, counts }) => total === 3 && counts.available === 3)).toBe(true);

    const sent = bodies(cloud);
    expect(sent).toHaveLength(firings.length * 3);
    const names = new Map(cloud.volumes().map(({ id, name }) => [id, name]));
    for (const { volume_id: volumeId, name, description, force, metadata } of sent) {
      const due = metadata['snapkeep_due'] ?? '';
      expect(force).toBe(true);
      expect(description).toBe('Integration test');
      expect(metadata).toEqual({
        team: 'payments',
        costcentre: '4711',
        snapkeep_instance: service.policies.current().instance,
        snapkeep_policy: 'often',
        snapkeep_due: due,
        snapkeep_run: runIdOf(service.policies.current().instance, 'often', volumeId, instant(Date.parse(due))),
      });
      expect(name).toBe(`often-${names.get(volumeId)}-${due.replaceAll(/[-:]/g, '')}`);
      expect(dues.map(isoSeconds)).toContain(due);
    }
    expect(cloud.ledger.committedCreates().map(({ metadata }) => metadata['snapkeep_run'])).toEqual(expect.arrayContaining(sent.map(({ metadata }) => metadata['snapkeep_run'])));
    expect(good(cloud)).toHaveLength(sent.length);
    expect(duplicates(cloud)).toBe(0);
    const runs = await scene.runs(service);
    expect(new Set(runs.map(({ snapshotId }) => snapshotId))).toEqual(new Set(good(cloud).map(({ id }) => id)));
    expect(runs.every(({ tries, adopted }) => tries === 1 && !adopted)).toBe(true);
    expect(await metrics(service.url, 'snapkeep_runs_total')).toEqual([`snapkeep_runs_total{target="simulated",policy="often",outcome="available"} ${runs.length}`]);
    expect(await metrics(service.url, 'snapkeep_failures_total')).toEqual([]);
    expect((await service.ledger.protections('often')).every(({ lastGoodAt }) => lastGoodAt !== null)).toBe(true);
  });

  test('a volume the cloud refuses: one create call for each due time, recorded, counted and told with its own words', async ({ expect }) => {
    const message = 'Invalid input received: the volume is not for you.';
    await using scene = await stage({
      redisUrl: redis.url,
      due: [2, 6],
      cloud: { volumes: [{ name: 'vol-good' }, { name: 'vol-bad' }], faults: [{ operation: 'create', volume: 'vol-bad', effect: { kind: 'code', code: 'EVS.5400', message } }] },
    });
    const { cloud } = scene;
    const { service, telemetry } = await scene.serve();
    await telemetry.until((told) => told.count('firing.finished') >= 2, 'two firings');
    await scene.settle(service);

    const refusals = cloud.ledger.creates({ status: 400 });
    const runs = (await scene.runs(service)).filter(({ outcome }) => outcome === 'failed');
    const firings = await service.ledger.firings('often', 100);
    expect(firings.every(({ counts }) => counts.available === 1 && counts.failed === 1)).toBe(true);
    expect(runs).toHaveLength(firings.length);
    expect(refusals).toHaveLength(firings.length);
    expect(new Set(refusals.map(({ body }) => (body as CreateBody).snapshot.metadata['snapkeep_due'])).size).toBe(firings.length);
    const requestIds = refusals.map(({ requestId }) => requestId).toSorted();
    expect(requestIds.every((id) => id !== '')).toBe(true);
    const words = { httpStatus: 400, code: 'EVS.5400', message };
    for (const run of runs) {
      expect(run).toMatchObject({ volumeName: 'vol-bad', tries: 1, failure: { kind: 'invalid', ...words }, attempts: [{ result: 'failed', ...words, requestId: run.failure?.requestId }] });
    }
    expect(runs.map(({ failure }) => failure?.requestId ?? '').toSorted()).toEqual(requestIds);
    const told = telemetry.of('run.failed');
    expect(told.map(({ requestId }) => requestId ?? '').toSorted()).toEqual(requestIds);
    expect(told[0]).toMatchObject({ policy: 'often', target: 'simulated', kind: 'invalid', httpStatus: 400, errorCode: 'EVS.5400', errorMessage: message });
    expect(await metrics(service.url, 'snapkeep_failures_total')).toEqual([`snapkeep_failures_total{target="simulated",policy="often",kind="invalid",status="400",code="EVS.5400"} ${runs.length}`]);
    expect((await metrics(service.url, 'snapkeep_runs_total')).map((line) => Number(line.split(' ')[1]))).toEqual([firings.length, firings.length]);
    expect(await metrics(service.url, 'snapkeep_retries_total')).toEqual([]);
  });

  test('lost answers and bursts of errors: exactly one good snapshot for each run', async ({ expect }) => {
    await using scene = await stage({
      redisUrl: redis.url,
      due: [2],
      cloud: {
        volumes: ['vol-504', 'vol-reset', 'vol-late', 'vol-before', 'vol-503', 'vol-error', 'vol-429', 'vol-fine'].map((name) => ({ name })),
        faults: [
          { operation: 'create', volume: 'vol-504', nth: 1, effect: { kind: 'commit-then-504' } },
          { operation: 'create', volume: 'vol-reset', nth: 1, effect: { kind: 'commit-then-reset' } },
          // Committed only after the first look has found nothing.
          { operation: 'create', volume: 'vol-late', nth: 1, effect: { kind: 'commit-then-504', commitAfterMs: 600 } },
          { operation: 'create', volume: 'vol-before', nth: [1, 2], effect: { kind: 'reset-before' } },
          { operation: 'create', volume: 'vol-503', nth: [1, 2], effect: { kind: 'code', code: 'EVS.5503' } },
          { operation: 'create', volume: 'vol-error', nth: 1, effect: { kind: 'snapshot-error' } },
          { operation: 'create', volume: 'vol-429', nth: [1, 2], effect: { kind: 'code', code: 'APIGW.0308', headers: { 'Retry-After': '0.1' } } },
        ],
      },
    });
    const { cloud } = scene;
    const { service, telemetry } = await scene.serve();
    await telemetry.until((told) => told.count('firing.planned') >= 1, 'the firing');
    await scene.settle(service);

    const runs = await scene.runs(service);
    expect(runs).toHaveLength(8);
    const ends = Object.fromEntries(runs.map((run) => [run.volumeName, { outcome: run.outcome, adopted: run.adopted, tries: run.tries }]));
    const available = (tries: number, adopted = false): object => ({ outcome: 'available', adopted, tries });
    expect(ends).toEqual({
      'vol-504': available(1, true),
      'vol-reset': available(1, true),
      'vol-late': available(1, true),
      'vol-before': available(3),
      'vol-503': available(3),
      'vol-error': available(2),
      'vol-429': available(1),
      'vol-fine': available(1),
    });
    expect(duplicates(cloud)).toBe(0);
    expect(new Set(good(cloud).map(({ id }) => id))).toEqual(new Set(runs.map(({ snapshotId }) => snapshotId)));
    expect(good(cloud)).toHaveLength(8);
    // The failed one was deleted; nothing else was.
    await waitFor(() => cloud.ledger.deletes().length, (count) => count === 1, { what: 'the failed snapshot to be deleted' });
    expect(cloud.snapshots()).toHaveLength(8);
    expect(await metrics(service.url, 'snapkeep_snapshots_adopted_total')).toEqual(['snapkeep_snapshots_adopted_total{target="simulated",policy="often"} 3']);
    expect(await metrics(service.url, 'snapkeep_runs_total')).toEqual(['snapkeep_runs_total{target="simulated",policy="often",outcome="available"} 8']);
    expect(telemetry.of('snapshot.adopted')).toHaveLength(3);
    expect(telemetry.count('run.failed') + telemetry.count('run.interrupted') + telemetry.count('loop.failed')).toBe(0);
  });

  test('a scheduler and two workers: every run once, also while one of them goes', async ({ expect }) => {
    await using scene = await stage({ redisUrl: redis.url, due: [2], concurrentCreates: 6, cloud: { volumes: 60, latencyMs: { create: 40 } } });
    const { cloud } = scene;
    const scheduler = await scene.serve('scheduler');
    const [one, two] = [await scene.serve('worker'), await scene.serve('worker')];
    await one.telemetry.until((told) => told.count('snapshot.accepted') >= 5, 'the first worker to be at work');
    expect(await one.service.stop(5_000)).toBe(true);
    expect(cloud.ledger.creates().length).toBeLessThan(60);
    await scene.settle(scheduler.service);

    expect(cloud.ledger.creates()).toHaveLength(60);
    expect(new Set(bodies(cloud).map(({ volume_id: volumeId }) => volumeId)).size).toBe(60);
    expect(cloud.ledger.peakInFlight('create')).toBeLessThanOrEqual(6);
    expect(duplicates(cloud)).toBe(0);
    expect((await scheduler.service.ledger.firings('often', 1))[0]).toMatchObject({ total: 60, counts: { available: 60, pending: 0 } });
    const by = [one, two].map(({ telemetry }) => telemetry.count('snapshot.accepted'));
    expect(by[0]).toBeGreaterThan(0);
    expect((by[0] ?? 0) + (by[1] ?? 0)).toBe(60);
    expect(scheduler.telemetry.count('snapshot.requested')).toBe(0);
    expect([one, two].map(({ telemetry }) => telemetry.count('firing.planned'))).toEqual([0, 0]);
    // Told once over all of them.
    expect([one, two, scheduler].reduce((sum, { telemetry }) => sum + telemetry.count('firing.finished'), 0)).toBe(1);
  });

  test('stop finishes the create calls under way; the next service takes up the rest and asks for nothing twice', async ({ expect }) => {
    await using scene = await stage({ redisUrl: redis.url, due: [2], cloud: { volumes: 3, latencyMs: { create: 600 }, creation: { minMs: 500, maxMs: 500 } } });
    const { cloud } = scene;
    const first = await scene.serve();
    await first.telemetry.until((told) => told.count('snapshot.requested') >= 3, 'the create calls');
    expect(cloud.ledger.creates()).toHaveLength(0);
    expect(await first.service.stop(5_000)).toBe(true);
    expect(cloud.ledger.creates().map(({ status }) => status)).toEqual([202, 202, 202]);
    expect(first.telemetry.count('snapshot.accepted')).toBe(3);
    expect(first.telemetry.of('worker.draining')).toEqual([{ active: 3, drainMs: 5_000 }]);
    expect(first.telemetry.of('service.stopped')).toMatchObject([{ complete: true }]);
    await expect(fetch(`${first.service.url}/livez`)).rejects.toThrow();

    const second = await scene.serve();
    await second.telemetry.until((told) => told.count('firing.finished') >= 1, 'the firing to end');
    expect(second.telemetry.count('policy.due')).toBe(0);
    expect((await scene.runs(second.service)).map(({ outcome, tries }) => [outcome, tries])).toEqual(Array.from({ length: 3 }, () => ['available', 1]));
    expect(cloud.ledger.creates()).toHaveLength(3);
    expect(good(cloud)).toHaveLength(3);
  });

  test('a create call cut off by a stop is looked for by the next service, and its snapshot adopted', async ({ expect }) => {
    await using scene = await stage({ redisUrl: redis.url, due: [2], cloud: { volumes: 2, faults: [{ operation: 'create', nth: [1, 2], effect: { kind: 'hang', commit: true } }] } });
    const { cloud } = scene;
    const first = await scene.serve();
    await waitFor(() => cloud.snapshots().length, (count) => count === 2, { what: 'the cloud to have acted' });
    await first.service.stop(50);
    expect(first.telemetry.count('snapshot.accepted')).toBe(0);

    const second = await scene.serve();
    await second.telemetry.until((told) => told.count('firing.finished') >= 1, 'the firing to end');
    expect((await scene.runs(second.service)).map(({ outcome, adopted }) => [outcome, adopted])).toEqual(Array.from({ length: 2 }, () => ['available', true]));
    expect(cloud.snapshots()).toHaveLength(2);
    expect(cloud.ledger.committedCreates()).toHaveLength(2);
  });

  test('restarts on one Redis neither repeat nor lose a due time', async ({ expect }) => {
    await using scene = await stage({ redisUrl: redis.url, due: '* * * * * *', catchUp: 'all', cloud: { volumes: 1, creation: { minMs: 0, maxMs: 0 } } });
    const { cloud } = scene;
    for (let n = 0; n < 4; n += 1) {
      const { service, telemetry } = await scene.serve();
      await telemetry.until((told) => told.count('firing.planned') >= 1, 'a firing');
      await service.stop(2_000);
    }
    const last = await scene.serve();
    await last.telemetry.until((told) => told.count('firing.planned') >= 1, 'a firing');
    await scene.settle(last.service);
    const dues = (await last.service.ledger.firings('often', 1_000)).map(({ due }) => due).toReversed();
    expect(dues.length).toBeGreaterThanOrEqual(5);
    expect(dues).toEqual(dues.map((_, n) => (dues[0] ?? 0) + n * 1_000));
    const sent = bodies(cloud).map(({ metadata }) => metadata['snapkeep_run']);
    expect(new Set(sent).size).toBe(sent.length);
    expect(duplicates(cloud)).toBe(0);
    // A due time that came while the snapshot of the one before was being made is skipped, and says so.
    for (const { outcome, failure } of await scene.runs(last.service)) {
      expect(['available', 'skipped']).toContain(outcome);
      if (outcome === 'skipped') expect(failure?.message).toContain('overlap');
    }
  });
});
