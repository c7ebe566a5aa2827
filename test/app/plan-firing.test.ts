import { describe, expect, test } from 'vitest';
import { planFiring } from '#app/plan-firing';
import { listCoveredVolumes } from '#app/list-volumes';
import { reconcile } from '#app/reconcile';
import { CloudFailure } from '#domain/failure/failure';
import { firingIdOf, runIdOf } from '#domain/naming/run-id';
import { spreadOffset } from '#domain/naming/spread';
import { HOUR, MINUTE, addMs, durationMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { CrashAt, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';

const volumes = (count: number): string[] => Array.from({ length: count }, (_, n) => `vol-${n + 1}`);

describe('planFiring', () => {
  test('records and queues one run for each volume, each at its share of the spread', async () => {
    const spread = durationMs(30 * MINUTE);
    const world = new World({ volumes: volumes(5), policies: [policyOf('nightly', { schedule: { spread } })] });
    await world.clock.advance(1_500);
    const firing = await world.plan();
    expect(firing).toMatchObject({ id: firingIdOf('prod', 'nightly', DUE), due: DUE, trigger: 'schedule', total: 5, counts: { pending: 5 }, plannedAt: DUE + 1_500 });
    expect((await world.runs()).map(({ id }) => id).toSorted()).toEqual(volumes(5).map((id) => runIdOf('prod', 'nightly', id, DUE)).toSorted());
    const started = new Map<string, number>();
    await world.queue.drain(async (runId) => {
      started.set(runId, world.clock.now());
      return { kind: 'done' };
    }, addMs(DUE, HOUR));
    for (const id of volumes(5)) expect(started.get(runIdOf('prod', 'nightly', id, DUE))).toBe(Math.max(DUE + 1_500, DUE + spreadOffset(id, spread)));
    expect((await world.ledger.protections('nightly')).map(({ volumeId }) => volumeId)).toEqual(volumes(5));
    expect(world.telemetry.of('policy.due')).toEqual([{ policy: 'nightly', target: TARGET, due: DUE, trigger: 'schedule', lagMs: 1_500 }]);
    expect(world.telemetry.of('firing.planned')).toEqual([{ policy: 'nightly', target: TARGET, due: DUE, trigger: 'schedule', volumes: 5, lagMs: 1_500 }]);
  });

  test('again: the same firing, no second run, no second listing, nothing said', async () => {
    const world = new World({ volumes: volumes(3) });
    const first = await world.plan();
    world.cloud.addVolume('vol-4');
    const events = world.telemetry.events.length;
    expect(await world.plan()).toEqual(first);
    expect(world.queue.enqueued).toEqual([3]);
    expect(world.cloud.calls('volumePages')).toBe(1);
    expect(world.telemetry.events).toHaveLength(events);
  });

  test('two at once plan the same', async () => {
    const world = new World({ volumes: volumes(20) });
    await Promise.all([world.plan(), world.plan()]);
    expect(world.queue.size).toBe(20);
    await world.finish();
    expect((await world.ledger.firings('nightly', 10)).map(({ counts }) => counts.available)).toEqual([20]);
    expect(world.cloud.creates).toHaveLength(20);
  });

  test('cut off at every call and done again: every volume once, also one that came or went meanwhile', async () => {
    const clean = new World({ volumes: volumes(3) });
    const all = new CrashAt(Infinity);
    await clean.plan(DUE, clean.policy, gatedDeps(clean, all.gate));
    expect(all.points.length).toBeGreaterThanOrEqual(12);
    for (const [n, point] of all.points.entries()) {
      const world = new World({ volumes: volumes(3) });
      expect(await crashes(() => world.plan(DUE, world.policy, gatedDeps(world, new CrashAt(n).gate))), point).toBe(true);
      const recorded = (await world.runs()).length;
      const closed = (await world.ledger.firing(firingIdOf('prod', 'nightly', DUE)))?.total;
      world.cloud.addVolume('vol-4');
      world.cloud.volumes.delete('vol-1');
      const again = await world.plan();
      const expected = typeof closed === 'number' ? 3 : recorded > 0 ? 4 : 3;
      expect(again.total, point).toBe(expected);
      // A run that was recorded and not queued, of a volume that is listed no more, is the reconciler's.
      await reconcile(world.deps(), TARGET);
      expect(world.queue.size, point).toBe(expected);
      await world.finish();
      expect(await world.ledger.openFirings(), point).toEqual([]);
      for (const run of await world.runs()) expect(run.outcome, point).toBe(run.volumeId === 'vol-1' ? 'skipped' : 'available');
    }
  });

  test('a policy that covers nothing has a firing without runs, finished at once', async () => {
    const world = new World({ volumes: [] });
    expect(await world.plan()).toMatchObject({ total: 0, finishedAt: DUE });
    expect(world.telemetry.of('firing.finished')).toMatchObject([{ runs: { pending: 0, available: 0 } }]);
    expect(await world.ledger.openFirings()).toEqual([]);
  });

  test('some volumes only: those, and what the policy covers stays as it was', async () => {
    const world = new World({ volumes: volumes(3) });
    await planFiring(world.deps(), world.policy, { due: DUE, trigger: 'manual', only: new Set(['vol-2', 'nobody']), signal: world.signal });
    expect((await world.runs()).map(({ volumeId }) => volumeId)).toEqual(['nobody', 'vol-2']);
    expect(await world.ledger.protections('nightly')).toEqual([]);
    expect((await world.ledger.firings('nightly', 1))[0]?.trigger).toBe('manual');
  });

  test('more volumes than go into one step', async () => {
    const world = new World({ volumes: volumes(1_203) });
    expect(await world.plan()).toMatchObject({ total: 1_203 });
    expect(world.queue.enqueued).toEqual([500, 500, 203]);
    expect(world.queue.size).toBe(1_203);
  });

  test('stops between two steps with the signal; the rest follows', async () => {
    const world = new World({ volumes: volumes(600) });
    const stop = new AbortController();
    const enqueue = world.queue.enqueue.bind(world.queue);
    world.queue.enqueue = async (...args) => {
      await enqueue(...args);
      stop.abort(new Error('stopping'));
    };
    await expect(planFiring(world.deps(), world.policy, { due: DUE, trigger: 'schedule', signal: stop.signal })).rejects.toThrow('stopping');
    expect(world.queue.size).toBe(500);
    expect(await world.plan()).toMatchObject({ total: 600 });
    expect(world.queue.size).toBe(600);
  });

  test('a listing that the cloud did not finish plans nothing', async () => {
    const world = new World({ volumes: volumes(3) });
    world.cloud.failNext('volumePages', answers.unavailable());
    await expect(world.plan()).rejects.toThrow(CloudFailure);
    expect(await world.runs()).toEqual([]);
    expect(await world.plan()).toMatchObject({ total: 3 });
  });
});

describe('listCoveredVolumes', () => {
  async function covered(world: World, selection: Partial<ReturnType<typeof policyOf>['volumes']>): Promise<string[]> {
    const volumesOf = await listCoveredVolumes(world.cloud, { ids: [], match: null, exclude: null, ...selection }, {});
    return volumesOf.map(({ id, named }) => (named ? `${id} named` : id)).toSorted();
  }

  test('a few named volumes are asked for by id; an unknown one is covered', async () => {
    const world = new World({ volumes: volumes(3) });
    expect(await covered(world, { ids: ['VOL-1', 'nobody'] })).toEqual(['nobody named', 'vol-1 named']);
    expect(world.cloud.calls('volumePages')).toBe(0);
    expect(world.cloud.calls('showVolume')).toBe(2);
  });

  test('many named volumes are read off the listing', async () => {
    const world = new World({ volumes: volumes(30) });
    expect(await covered(world, { ids: [...volumes(25), 'nobody'] })).toEqual([...volumes(25), 'nobody'].map((id) => `${id} named`).toSorted());
    expect(world.cloud.calls('showVolume')).toBe(0);
  });

  test('named and matched together, an exclusion wins over both', async () => {
    const world = new World({ volumes: volumes(4) });
    world.cloud.addVolume('vol-3', { tags: { 'backup-exempt': 'true' } });
    world.cloud.addVolume('vol-2', { tags: { 'backup-exempt': 'true' } });
    expect(await covered(world, { ids: ['vol-3', 'vol-4'], match: { name: ['vol-1', 'vol-2'] }, exclude: { tags: { 'backup-exempt': ['true'] } } })).toEqual(['vol-1', 'vol-4 named']);
    expect(await covered(world, { ids: ['vol-3'], exclude: { tags: { 'backup-exempt': ['true'] } } })).toEqual([]);
  });

  test.each([['a named one', { ids: ['vol-1'] }, 'showVolume'], ['the listing', { match: {} }, 'volumePages']] as const)(
    'a cloud that does not say all of it: %s',
    async (_, selection, operation) => {
      const world = new World();
      world.cloud.failNext(operation, answers.unavailable());
      await expect(covered(world, selection)).rejects.toThrow(CloudFailure);
    },
  );

  test('tags are asked for only where they decide', async () => {
    const world = new World();
    const asked: boolean[] = [];
    const pages = world.cloud.volumePages.bind(world.cloud);
    world.cloud.volumePages = (query, options) => {
      asked.push(query.withTags);
      return pages(query, options);
    };
    await covered(world, { match: { name: ['*'] } });
    await covered(world, { match: { tags: { a: ['b'] } } });
    await covered(world, { match: {}, exclude: { tags: { a: ['b'] } } });
    expect(asked).toEqual([false, true, true]);
  });
});
