import { describe, expect, test } from 'vitest';
import { executeRun } from '#app/execute-run';
import { STRAGGLER_AFTER } from '#app/watch-snapshots';
import { Wakeable } from '#app/wakeable';
import { runWatch } from '#app/watch-loop';
import { CloudFailure } from '#domain/failure/failure';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import { answers, cinderError, refused } from '../fakes/cloud-answers.ts';
import type { CreateScript } from '../fakes/fake-cloud.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';

function volumes(count: number): string[] {
  return Array.from({ length: count }, (_, n) => `vol-${n + 1}`);
}

/** A world in which the cloud has accepted a snapshot for each volume. */
async function accepted(count: number, scripts: readonly CreateScript[] = [], policy?: Parameters<typeof policyOf>[1]): Promise<World> {
  const world = new World({ volumes: volumes(count), policies: [policyOf('nightly', policy)] });
  world.cloud.scriptCreates(...scripts);
  await world.plan();
  await world.work();
  return world;
}

async function outcomes(world: World): Promise<Record<string, number>> {
  const firing = (await world.ledger.firings('nightly', 1))[0];
  return Object.fromEntries(Object.entries(firing?.counts ?? {}).filter(([, count]) => count > 0));
}

describe('one look', () => {
  test('nothing is being made: no call', async () => {
    const world = new World();
    expect(await world.watch()).toBe(0);
    expect(world.cloud.calls('snapshotPages') + world.cloud.calls('showSnapshot')).toBe(0);
  });

  test.each([
    [1, { pages: 0, shows: 1 }],
    [2, { pages: 0, shows: 2 }],
    [3, { pages: 1, shows: 0 }],
    [250, { pages: 3, shows: 0 }],
  ])('%i snapshots cost %o', async (count, { pages, shows }) => {
    const world = await accepted(count);
    world.cloud.pageSize = 100;
    expect(world.accepted).toHaveLength(count);
    expect(await world.watch()).toBe(count);
    await world.clock.advance(5 * SECOND);
    expect(await world.watch()).toBe(0);
    expect(await outcomes(world)).toEqual({ available: count });
    expect({ pages: world.cloud.calls('snapshotPages') / 2, shows: world.cloud.calls('showSnapshot') / 2 }).toEqual({ pages, shows });
    expect(world.telemetry.count('firing.finished')).toBe(1);
  });

  test('the listing ends with the page that has the last of them', async () => {
    const world = await accepted(4);
    world.cloud.pageSize = 2;
    // Newer ones of somebody else come first, and older ones are never read.
    for (const id of ['x', 'y']) world.cloud.addVolume(id);
    for (const volumeId of ['x', 'y']) await world.cloud.createSnapshot({ volumeId, name: 'theirs', description: null, force: true, metadata: {} });
    await world.clock.advance(5 * SECOND);
    await world.watch();
    expect(world.cloud.calls('snapshotPages')).toBe(3);
    expect(world.cloud.snapshots()).toHaveLength(6);
  });

  test('a listing that goes back too far is given up; what it did not show is asked for', async () => {
    const world = new World({ volumes: volumes(40), now: '2026-11-24T01:00:00Z' });
    for (const volumeId of volumes(36)) await world.cloud.createSnapshot({ volumeId, name: 'old', description: null, force: true, metadata: {} });
    await world.clock.advanceTo(DUE);
    world.cloud.pageSize = 4;
    world.cloud.scriptCreates({ invisibleFor: MINUTE });
    await world.plan();
    await world.work();
    await world.clock.advance(5 * SECOND);
    expect(await world.watch()).toBe(1);
    expect(await outcomes(world)).toEqual({ available: 39, pending: 1 });
    expect(world.cloud.calls('snapshotPages')).toBe(Math.ceil(39 / 4));
    expect(world.cloud.calls('showSnapshot')).toBe(1);
    await world.clock.advance(MINUTE);
    expect(await world.watch()).toBe(0);
  });

  test('stragglers are asked for one by one and keep nobody waiting', async () => {
    const world = await accepted(2, [{ ends: 'creating' }, { ends: 'creating' }]);
    await world.clock.advance(STRAGGLER_AFTER + SECOND);
    for (const id of ['n1', 'n2', 'n3', 'n4']) world.cloud.addVolume(id);
    world.setPolicies(policyOf('other', { volumes: { ids: [], match: { name: ['n*'] } } }));
    await world.plan(DUE, world.policy);
    await world.work();
    await world.clock.advance(5 * SECOND);
    expect(await world.watch()).toBe(2);
    expect({ pages: world.cloud.calls('snapshotPages'), shows: world.cloud.calls('showSnapshot') }).toEqual({ pages: 1, shows: 2 });
  });

  test('a listing cut short by the cloud: what was seen is settled, the failure is thrown', async () => {
    const world = await accepted(6);
    world.cloud.pageSize = 2;
    await world.clock.advance(5 * SECOND);
    let pages = 0;
    world.cloud.beforeCall = async (operation) => {
      if (operation !== 'snapshotPages') return;
      pages += 1;
      if (pages === 2) throw answers.unavailable();
    };
    await expect(world.watch()).rejects.toThrow(CloudFailure);
    expect(await outcomes(world)).toEqual({ available: 2, pending: 4 });
    world.cloud.beforeCall = async () => undefined;
    expect(await world.watch()).toBe(0);
  });

  test('a watched run whose record went on is taken off the list', async () => {
    const world = await accepted(1);
    await world.ledger.unwatch(TARGET, 'none');
    const { id } = await world.onlyRun();
    const found = await world.ledger.run(id);
    if (found === null) throw new Error('no run');
    await world.ledger.saveRun(found.firing, { ...found.run, snapshotId: null }, found.revision);
    expect(await world.watch()).toBe(0);
    expect(await world.ledger.watched(TARGET, 10)).toEqual([]);
  });

  test('a word for a status that nobody knows is waited for', async () => {
    const world = await accepted(1, []);
    const show = world.cloud.showSnapshot.bind(world.cloud);
    world.cloud.showSnapshot = async (id) => ({ ...(await show(id)), status: 'backing-up' });
    await world.clock.advance(5 * SECOND);
    expect(await world.watch()).toBe(1);
    expect(await outcomes(world)).toEqual({ pending: 1 });
  });
});

describe('what became of it', () => {
  test('error: the snapshot is deleted and the run tries again, the volume held all along', async () => {
    const world = await accepted(1, [{ ends: 'error' }]);
    await world.clock.advance(5 * SECOND);
    expect(await world.watch()).toBe(0);
    expect(world.cloud.deleted).toEqual(['snap-1']);
    const { id } = await world.onlyRun();
    expect(await world.onlyRun()).toMatchObject({ phase: 'queued', outcome: 'pending', snapshotId: null, tries: 1 });
    expect(await world.ledger.holdVolume(TARGET, 'vol-1', 'another', HOUR)).toBe(id);
    expect(world.queue.nextAt).toBeGreaterThan(world.clock.now());
    expect(world.telemetry.of('snapshot.failed')).toMatchObject([{ snapshotId: 'snap-1' }]);
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-2', tries: 2 });
    expect(world.cloud.snapshots().map(({ id: snapshotId }) => snapshotId)).toEqual(['snap-2']);
  });

  test('error, and the delete fails: the run goes on all the same', async () => {
    const world = await accepted(1, [{ ends: 'error' }]);
    world.cloud.failNext('deleteSnapshot', answers.unavailable());
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-2' });
  });

  test('gone: not believed for two minutes, then tried again', async () => {
    const world = await accepted(1);
    world.cloud.removeSnapshot('snap-1');
    await world.clock.advance(2 * MINUTE);
    expect(await world.watch()).toBe(1);
    expect(world.cloud.creates).toHaveLength(1);
    await world.clock.advance(1);
    expect(await world.watch()).toBe(0);
    expect((await world.onlyRun()).failure).toMatchObject({ code: 'snapshot_gone' });
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-2', tries: 2 });
    expect(world.cloud.deleted).toEqual([]);
  });

  test('a snapshot that shows late is waited for, not made again', async () => {
    const world = await accepted(1, [{ invisibleFor: 100 * SECOND }]);
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1' });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('creating beyond the deadline: abandoned once, watched on, its volume held, and good in the end', async () => {
    const world = await accepted(1);
    world.cloud.creationMs = 5 * HOUR;
    await world.clock.advance(4 * HOUR);
    expect(await world.watch()).toBe(1);
    expect(await outcomes(world)).toEqual({ pending: 1 });
    await world.clock.advance(1);
    expect(await world.watch()).toBe(1);
    expect(await outcomes(world)).toEqual({ abandoned: 1 });
    const run = await world.onlyRun();
    expect(run).toMatchObject({ phase: 'creating', snapshotId: 'snap-1', failure: { kind: 'unknown', code: 'deadline' } });
    expect(world.telemetry.of('run.abandoned')).toMatchObject([{ snapshotId: 'snap-1' }]);
    await world.clock.advance(10 * MINUTE);
    await world.watch();
    await world.clock.advance(10 * MINUTE);
    expect(await world.ledger.holdVolume(TARGET, 'vol-1', 'another', HOUR)).toBe(run.id);
    expect(world.telemetry.count('run.abandoned')).toBe(1);

    // The next due time of the volume is skipped as recorded: no second create call.
    await world.plan(addMs(DUE, HOUR));
    await world.work();
    expect((await world.runs())[0]).toMatchObject({ outcome: 'skipped' });
    expect(world.cloud.creates).toHaveLength(1);

    await world.clock.advance(HOUR);
    expect(await world.watch()).toBe(0);
    expect((await world.runs())[1]).toMatchObject({ outcome: 'available', phase: 'ended', failure: null });
    expect((await world.ledger.protections('nightly'))[0]?.lastGoodAt).toBe(DUE);
    expect(world.telemetry.count('firing.finished')).toBe(2);
    expect(await world.ledger.holdVolume(TARGET, 'vol-1', 'another', HOUR)).toBe('another');
  });

  test('abandoned, then error: failed, deleted, not tried again', async () => {
    const world = await accepted(1, [{ ends: 'error' }]);
    world.cloud.creationMs = 5 * HOUR;
    await world.clock.advance(4 * HOUR + 1);
    await world.watch();
    await world.clock.advance(HOUR);
    await world.finish();
    expect(await outcomes(world)).toEqual({ failed: 1 });
    expect(await world.onlyRun()).toMatchObject({ failure: { code: 'snapshot_error' } });
    expect(world.cloud.deleted).toEqual(['snap-1']);
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('error while the policy is gone: failed, and the snapshot deleted', async () => {
    const world = await accepted(1, [{ ends: 'error' }]);
    world.setPolicies();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed' });
    expect(world.cloud.deleted).toEqual(['snap-1']);
  });

  test('good while the policy is gone: available', async () => {
    const world = await accepted(1);
    world.setPolicies();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
  });

  test('the lag counts from when the data is from, not from when it was seen', async () => {
    const world = await accepted(1);
    await world.clock.advance(HOUR);
    await world.watch();
    expect(await world.ledger.protections('nightly')).toEqual([{ volumeId: 'vol-1', firstSeenAt: DUE, lastGoodAt: DUE }]);
    expect(world.telemetry.of('snapshot.available')).toMatchObject([{ durationMs: HOUR }]);
  });
});

describe('the watch loop', () => {
  interface Loop {
    readonly wake: Wakeable;
    stop(): Promise<void>;
  }

  function watching(world: World, replica = 'replica-1'): Loop {
    const wake = new Wakeable();
    const stopping = new AbortController();
    const ended = runWatch({ ...world.deps(), replica }, TARGET, wake, stopping.signal);
    return {
      wake,
      async stop() {
        stopping.abort();
        await ended;
      },
    };
  }

  const looks = (world: World): number => world.cloud.calls('showSnapshot') + world.cloud.calls('snapshotPages');

  test('looks soon after an acceptance, then ever more slowly, and stops when all is made', async () => {
    const world = new World();
    world.cloud.creationMs = 3 * MINUTE;
    const loop = watching(world);
    await world.clock.advance(MINUTE);
    expect(looks(world)).toBe(0);
    await world.plan();
    await world.work();
    loop.wake.wake();
    await world.clock.advance(SECOND);
    expect(looks(world)).toBe(1);
    await world.clock.advance(MINUTE);
    const early = looks(world);
    expect(early).toBeGreaterThan(5);
    await world.clock.advance(MINUTE);
    expect(looks(world) - early).toBeLessThanOrEqual(7);
    await world.clock.advance(2 * MINUTE);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    const last = looks(world);
    await world.clock.advance(10 * MINUTE);
    expect(looks(world)).toBe(last);
    await loop.stop();
  });

  test.each([
    { count: 600, everyMs: 10, looksAtLeast: 5, why: 'a hundred a second turn good: a look each second or so is worth its call' },
    { count: 60, everyMs: 1_000, looksAtLeast: 5, why: 'one a second does: looks become rare' },
  ])('while snapshots go on to be made: $why', async ({ count, everyMs, looksAtLeast }) => {
    const world = new World({ volumes: volumes(count) });
    world.cloud.creationMs = 2 * SECOND;
    const loop = watching(world);
    await world.plan();
    for (let n = 0; n < count; n += 1) {
      await world.queue.step((runId, signal) => executeRun(world.deps(), runId, signal));
      loop.wake.wake();
      await world.clock.advance(everyMs);
    }
    const made = looks(world);
    expect(made).toBeGreaterThanOrEqual(looksAtLeast);
    expect(made).toBeLessThanOrEqual(12);
    await loop.stop();
  });

  test('finds what another replica had accepted before it died', async () => {
    const world = await accepted(1);
    const loop = watching(world);
    await world.clock.advance(20 * SECOND);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    await loop.stop();
  });

  test('one replica looks for all, and another takes over within half a minute', async () => {
    const world = await accepted(1);
    world.cloud.creationMs = HOUR;
    const one = watching(world, 'replica-1');
    const other = watching(world, 'replica-2');
    await world.clock.advance(10 * MINUTE);
    const both = looks(world);
    expect(both).toBeLessThan(70);
    await one.stop();
    await world.clock.advance(30 * SECOND);
    expect(looks(world)).toBeGreaterThan(both);
    await other.stop();
  });

  test('a cloud that does not answer ends nothing; its Retry-After is kept', async () => {
    const world = await accepted(1);
    const busy = refused(503, cinderError('serviceUnavailable', 503, 'later'), { retryAfter: '120' });
    world.cloud.failNext('showSnapshot', busy);
    const loop = watching(world);
    await world.clock.advance(100 * SECOND);
    expect(looks(world)).toBe(1);
    await world.clock.advance(40 * SECOND);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
    await loop.stop();
  });

  test('ends with the signal, also in the middle of a look', async () => {
    const world = await accepted(1);
    const reached = Promise.withResolvers<void>();
    const stopping = new AbortController();
    world.cloud.beforeCall = async () => {
      reached.resolve();
      stopping.abort(new Error('stopping'));
      throw new Error('stopping');
    };
    const ended = runWatch(world.deps(), TARGET, new Wakeable(), stopping.signal);
    await world.clock.advance(MINUTE);
    await reached.promise;
    await ended;
    expect(await world.ledger.acquireLease(`watch:${TARGET}`, 'another', HOUR)).toBe(true);
  });

  test('any other failure ends the loop, for whoever supervises it', async () => {
    const world = await accepted(1);
    world.cloud.beforeCall = async () => Promise.reject(new TypeError('a bug'));
    const ended = runWatch(world.deps(), TARGET, new Wakeable(), world.signal);
    const outcome = ended.then(() => 'ended', String);
    await world.clock.advance(MINUTE);
    expect(await outcome).toBe('TypeError: a bug');
  });
});
