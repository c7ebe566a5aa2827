import { describe, expect, test } from 'vitest';
import { pruneNow } from '#app/prune/prune-now';
import { readStatus } from '#app/read-status';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { RetainedWorld, mark, night, retaining } from '../fakes/retained-world.ts';
import { settle } from '../fakes/manual-clock.ts';
import { TARGET, at } from '../fakes/world.ts';

function world(rules: Parameters<typeof retaining>[0], volumes: readonly string[] = ['vol-1']): RetainedWorld {
  return new RetainedWorld({ policies: [retaining(rules)], volumes });
}

describe('after a good run', () => {
  test('what no rule keeps goes, and is told when the cloud shows it gone', async () => {
    const it = world({ last: 2 });
    it.cloud.deletionMs = 20 * SECOND;
    for (const count of [0, 1, 2]) await it.fire(count);
    expect(it.left()).toEqual(['0', '1', '2']);
    await it.prune();
    expect(it.left()).toEqual(['1', '2']);
    const [deleted, ...others] = it.telemetry.of('prune.deleted');
    expect(others).toEqual([]);
    expect(deleted).toMatchObject({ policy: 'nightly', target: TARGET, volumeId: 'vol-1', due: night(0), cause: 'expired', reasons: ['no rule keeps it'] });
    expect(deleted?.durationMs).toBeGreaterThanOrEqual(20 * SECOND);
    expect(it.telemetry.of('prune.kept').map(({ reasons }) => reasons)).toEqual([['last', 'newest good'], ['last']]);
  });

  test('nothing is asked of the cloud where nothing is noted, the policy keeps everything, or it is not known any more', async () => {
    const it = world({ last: 1 });
    await it.prune();
    for (const policies of [[retaining({})], []]) {
      it.setPolicies(retaining({ last: 1 }));
      await it.fire(policies.length);
      it.setPolicies(...policies);
      await it.prune();
      expect(await it.book.noted(TARGET, 10)).toEqual([]);
    }
    expect(it.cloud.calls('snapshotPages', 'prune') + it.cloud.calls('deleteSnapshot')).toBe(0);
  });

  test('waits while runs are under way, five minutes at most, so that one listing serves all of a firing', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    await it.plan(night(2));
    await it.prune();
    expect(it.cloud.deleted).toEqual([]);
    await it.clock.advance(5 * MINUTE);
    await it.prune();
    expect(it.left()).toEqual(['1']);
  });

  test('many volumes cost a listing to decide, one to make sure and one to see them gone, besides a call for each delete', async () => {
    const volumes = Array.from({ length: 100 }, (_, n) => `vol-${n}`);
    const it = world({ last: 1 }, volumes);
    it.cloud.deletionMs = SECOND;
    for (const count of [0, 1]) await it.fire(count);
    await it.prune();
    expect(it.cloud.deleted).toHaveLength(100);
    expect(it.cloud.calls('snapshotPages', 'prune')).toBe(3);
    expect(it.cloud.calls('showSnapshot', 'prune')).toBe(0);
    expect(it.telemetry.count('prune.deleted')).toBe(100);
  });

  test('deciding again deletes nothing more', async () => {
    const it = world({ last: 2 });
    for (const count of [0, 1, 2]) await it.fire(count);
    await it.prune();
    await it.sweep();
    expect(it.left()).toEqual(['1', '2']);
    expect(it.cloud.deleted).toHaveLength(1);
  });
});

describe('guards', () => {
  test('what is held between the decision and the delete stays', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.beforeCall = async (operation) => {
      if (operation !== 'snapshotPages') return;
      it.cloud.beforeCall = async () => undefined;
      // The first listing has been read.
      await it.cloud.addSnapshotMetadata('snap-1', { snapkeep_hold: 'true' });
    };
    await it.prune();
    expect(it.cloud.calls('snapshotPages', 'prune')).toBe(2);
    expect(it.left()).toEqual(['0', '1']);
  });

  test('deletes that take long are made sure of again on the way: what is held meanwhile stays', async () => {
    const it = world({ last: 1 }, Array.from({ length: 30 }, (_, n) => `vol-${n}`));
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.beforeCall = async (operation) => {
      if (operation !== 'deleteSnapshot') return;
      await it.cloud.addSnapshotMetadata('snap-1', { snapkeep_hold: 'true' });
      await it.clock.advance(25 * SECOND);
    };
    await it.prune();
    expect(it.cloud.calls('snapshotPages', 'prune')).toBeGreaterThan(2);
    expect(it.cloud.deleted).toHaveLength(29);
    expect(it.cloud.deleted).not.toContain('snap-1');
    expect(it.telemetry.of('prune.kept')).toHaveLength(30);
  });

  test('a cloud that does not list again on the way stops the rest, and the volumes stay noted', async () => {
    const it = world({ last: 1 }, Array.from({ length: 30 }, (_, n) => `vol-${n}`));
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.beforeCall = async (operation) => {
      if (operation === 'deleteSnapshot') await it.clock.advance(25 * SECOND);
      if (operation === 'snapshotPages' && it.cloud.deleted.length > 0) throw answers.unavailable();
    };
    await it.prune();
    expect(it.cloud.deleted.length).toBeGreaterThan(0);
    expect(it.cloud.deleted.length).toBeLessThan(30);
    it.cloud.beforeCall = async () => undefined;
    await it.prune();
    expect(it.cloud.deleted).toHaveLength(30);
    expect(new Set(it.telemetry.of('prune.deleted').map(({ snapshotId }) => snapshotId)).size).toBe(30);
  });

  test('a listing that lacks the newest good snapshot on record lets nothing of the volume expire', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1, 2]) await it.fire(count);
    it.cloud.removeSnapshot('snap-3');
    await it.prune();
    expect(it.left()).toEqual(['0', '1']);
    expect(it.telemetry.of('prune.undecided')).toEqual([{ policy: 'nightly', target: TARGET, volumeId: 'vol-1' }]);
  });

  test('a listing that breaks off decides nothing, and the volume stays noted', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.failNext('snapshotPages', answers.unavailable());
    await expect(it.prune()).rejects.toMatchObject({ failure: { httpStatus: 503 } });
    expect(it.cloud.deleted).toEqual([]);
    await it.prune();
    expect(it.left()).toEqual(['1']);
  });

  test('what a run still has in hand is left to it, be it failed or older than what the rules keep', async () => {
    const it = world({ last: 1 });
    it.addNights('vol-1', 5, 5);
    it.cloud.scriptCreates({ ends: 'error' });
    await it.clock.advanceTo(addMs(night(5), HOUR));
    await it.plan(night(4));
    await it.work();
    await it.clock.advance(5 * SECOND);
    expect(it.left()).toEqual(['5', '4 error']);
    await it.sweep();
    expect(it.cloud.deleted).toEqual([]);
    await it.finish();
    // The run tried again; now that it has ended, a sweep says what is kept.
    expect(await it.onlyRun()).toMatchObject({ outcome: 'available', tries: 2 });
    await it.sweep();
    expect(it.left()).toEqual(['5']);
  });

  test('throttled: the rest waits, nothing is counted as failed', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2']);
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.failNext('deleteSnapshot', answers.throttled(), answers.throttled());
    await it.prune();
    expect(await it.book.noted(TARGET, 10)).toHaveLength(2);
    await it.prune();
    expect([it.left('vol-1'), it.left('vol-2')]).toEqual([['1'], ['1']]);
    expect(it.telemetry.count('prune.failed')).toBe(0);
  });

  test('without the right to delete it is told once, and not tried again before the sweep', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.failNext('deleteSnapshot', answers.forbidden());
    await it.prune();
    await it.prune();
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ httpStatus: 403, errorCode: 'EVS.5403', volumeId: 'vol-1' }]);
    expect(it.cloud.calls('deleteSnapshot')).toBe(1);
    await it.sweep();
    expect(it.left()).toEqual(['1']);
  });
});

describe('the brake', () => {
  async function braked(): Promise<RetainedWorld> {
    const it = world({ last: 30 });
    it.addNights('vol-1', 0, 9);
    it.setPolicies(retaining({ last: 5 }, { revision: 'r2' }));
    await it.fire(10);
    await it.prune();
    return it;
  }

  test('holds at more than three of a volume, is told once and again by each sweep, and nothing expires', async () => {
    const it = await braked();
    expect(it.left()).toHaveLength(11);
    expect((await readStatus(it)).policies[0]?.pruneBraked).toMatch(/^this would delete at once 6 snapshots of volume vol-1/);
    const [told] = it.telemetry.of('prune.braked');
    expect(told).toMatchObject({ policy: 'nightly', target: TARGET, expired: 6, good: 11, revision: 'r2' });
    await it.fire(11);
    await it.prune();
    expect(it.telemetry.count('prune.braked')).toBe(1);
    await it.sweep();
    await it.sweep();
    expect(it.telemetry.count('prune.braked')).toBe(3);
    expect(it.left()).toHaveLength(12);
  });

  test('holds even where less would go by now, until somebody confirms', async () => {
    const it = await braked();
    for (const count of [0, 1, 2, 3]) it.cloud.removeSnapshot(`vol-1-${count}`);
    await it.sweep();
    expect(it.left()).toEqual(['4', '5', '6', '7', '8', '9', '10']);
    expect((await pruneNow(it.deps(), { confirm: false }, it.signal)).policies).toMatchObject([{ braked: true, deleted: [], failed: [] }]);
    const [confirmed] = (await pruneNow(it.deps(), { confirm: true }, it.signal)).policies;
    expect(confirmed).toMatchObject({ braked: false, brakeReason: null, failed: [] });
    expect(confirmed?.deleted.map(({ reasons }) => reasons)).toEqual([['no rule keeps it'], ['no rule keeps it']]);
    expect(it.left()).toEqual(['6', '7', '8', '9', '10']);
  });

  test('is lifted by a changed revision', async () => {
    const it = await braked();
    it.setPolicies(retaining({ last: 8 }, { revision: 'r3' }));
    await it.sweep();
    expect(it.left()).toHaveLength(8);
  });

  test('half of a policy is counted over all its volumes, not over those that happen to be pruned', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2', 'vol-3', 'vol-4']);
    it.addNights('vol-1', 0, 1);
    await it.fire(2);
    await it.book.strike(TARGET, (await it.book.noted(TARGET, 10)).filter(({ volumeId }) => volumeId !== 'vol-1'));
    // Two of three go of vol-1, and two of six of the policy.
    await it.prune();
    expect(it.telemetry.count('prune.braked')).toBe(0);
    expect(it.left()).toEqual(['2']);
  });

  test('more than half of the policy holds it, however few of each volume', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2']);
    for (const volume of ['vol-1', 'vol-2']) it.addNights(volume, 0, 1);
    await it.fire(2);
    await it.prune();
    expect(it.telemetry.of('prune.braked')).toMatchObject([{ expired: 4, good: 6 }]);
    expect(it.left()).toEqual(['0', '1', '2']);
  });
});

describe('the sweep', () => {
  test('keeps and reports what volumes that are gone left behind, confirmed by a 404, or lets it expire where the policy says so', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2']);
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.volumes.delete('vol-2');
    await it.sweep();
    expect([it.left('vol-1'), it.left('vol-2')]).toEqual([['1'], ['0', '1']]);
    expect(it.telemetry.of('prune.orphans')).toEqual([{ policy: 'nightly', target: TARGET, volumes: 1, snapshots: 2, orphans: 'keep' }]);
    it.setPolicies(retaining({ last: 1, orphans: 'expire' }));
    await it.sweep();
    expect(it.left('vol-2')).toEqual(['1']);
  });

  test('removes what never became good and late duplicates, and counts the latter', async () => {
    const it = world({});
    it.addNights('vol-1', 0, 0);
    it.cloud.addSnapshot({ id: 'late', volumeId: 'vol-1', metadata: mark('vol-1', night(0)), createdAt: addMs(night(0), HOUR) });
    it.cloud.addSnapshot({ id: 'broken', volumeId: 'vol-1', metadata: mark('vol-1', night(1)), status: 'error' });
    await it.clock.advanceTo(night(2));
    await it.sweep();
    expect(it.left()).toEqual(['0']);
    expect(it.telemetry.of('snapshot.duplicate')).toMatchObject([{ snapshotId: 'late', keptSnapshotId: 'vol-1-0', volumeId: 'vol-1' }]);
    expect(it.telemetry.of('prune.deleted').map(({ snapshotId, cause }) => [snapshotId, cause])).toEqual([['broken', 'failed'], ['late', 'duplicate']]);
  });
});

describe('what becomes of a delete', () => {
  async function asked(): Promise<RetainedWorld> {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    return it;
  }

  test('an answer that is lost is neither a success nor a failure until the cloud shows it', async () => {
    const it = await asked();
    it.cloud.beforeCall = async (operation) => {
      if (operation === 'deleteSnapshot') it.cloud.removeSnapshot('snap-1');
    };
    it.cloud.failNext('deleteSnapshot', answers.timeout());
    await it.prune();
    expect(it.telemetry.of('prune.deleted')).toMatchObject([{ snapshotId: 'snap-1' }]);
    expect(it.telemetry.count('prune.failed')).toBe(0);
  });

  test('an answer that is lost and did nothing is told as failed, with the cloud\'s words', async () => {
    const it = await asked();
    it.cloud.failNext('deleteSnapshot', answers.gatewayTimeout());
    await it.prune();
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ snapshotId: 'snap-1', httpStatus: 504, errorCode: 'APIGW.0203' }]);
    await it.sweep();
    expect(it.left()).toEqual(['1']);
  });

  test('accepted and back as available is a failure', async () => {
    const it = await asked();
    it.cloud.scriptDelete('snap-1', 'available');
    await it.prune();
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ snapshotId: 'snap-1', errorCode: 'not_deleted' }]);
    expect(await it.book.pending(TARGET)).toEqual([]);
  });

  test('one that is deleted for more than an hour is told once, and watched on', async () => {
    const it = await asked();
    it.cloud.deletionMs = 3 * HOUR;
    await it.prune();
    await it.confirm(it.deps(), 2 * HOUR);
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ errorCode: 'still_deleting' }]);
    await it.confirm(it.deps(), 2 * HOUR);
    expect(it.telemetry.count('prune.failed')).toBe(1);
    expect(it.telemetry.count('prune.deleted')).toBe(1);
  });

  test('a process that is killed with deletes on record: the next one tells what became of those sent, and forgets the others', async () => {
    const it = await asked();
    const { snapshotId: sent, ...rest } = { snapshotId: 'snap-1', policy: 'nightly', volumeId: 'vol-1', due: night(0), runId: 'r', cause: 'expired' as const, reasons: [] };
    const record = { ...rest, recordedAt: it.clock.now(), acceptedAt: null, said: null, failures: 0, lookAt: it.clock.now() };
    await it.book.begin(TARGET, [{ ...record, snapshotId: sent }, { ...record, snapshotId: 'snap-2' }]);
    it.cloud.removeSnapshot(sent);
    await it.confirm();
    expect(it.telemetry.of('prune.deleted')).toMatchObject([{ snapshotId: 'snap-1' }]);
    expect(it.telemetry.count('prune.failed')).toBe(0);
    expect(it.left()).toEqual(['1']);
  });

  test('two at work at the same time delete and tell each snapshot once', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2', 'vol-3']);
    for (const count of [0, 1]) await it.fire(count);
    await Promise.all([it.prune(), it.sweep(), it.prune()]);
    expect(it.cloud.deleted.toSorted()).toEqual(['snap-1', 'snap-2', 'snap-3']);
    expect(it.telemetry.of('prune.deleted').map(({ snapshotId }) => snapshotId).toSorted()).toEqual(['snap-1', 'snap-2', 'snap-3']);
  });

  test('an error that nobody expects ends all calls with the first: none goes out later, on no record', async () => {
    const volumes = Array.from({ length: 30 }, (_, n) => `vol-${n}`);
    const it = world({ last: 1 }, volumes);
    for (const count of [0, 1]) await it.fire(count);
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    it.cloud.beforeCall = async (operation) => {
      if (operation !== 'deleteSnapshot') return;
      calls += 1;
      if (calls === 1) throw new Error('broken');
      await gate.promise;
    };
    const pruned = it.prune().catch((error: unknown) => error);
    await settle();
    gate.resolve();
    expect(await pruned).toMatchObject({ message: 'broken' });
    const deletes = it.cloud.deleted.length;
    await settle();
    expect(it.cloud.deleted).toHaveLength(deletes);
    expect(calls).toBeLessThan(10);
    // The one whose call broke may have been sent; what was not begun is on no record.
    expect(await it.book.pending(TARGET)).toHaveLength(deletes + 1);
  });
});

describe('prune now', () => {
  test('a cloud that stops answering after the deletes: each is told as not known to be done, and none as undecided', async () => {
    const it = world({ last: 1 }, ['vol-1', 'vol-2']);
    for (const volume of ['vol-1', 'vol-2']) it.addNights(volume, 0, 1);
    await it.clock.advanceTo(night(2));
    it.cloud.deletionMs = HOUR;
    it.cloud.failNext('showSnapshot', ...Array.from({ length: 500 }, () => answers.unavailable()));
    const pruning = pruneNow(it.deps(), { confirm: false }, it.signal);
    await it.clock.advance(3 * MINUTE);
    const [nightly] = (await pruning).policies;
    expect(nightly?.deleted).toEqual([]);
    expect(nightly?.failed).toMatchObject([{ code: 'not_done' }, { code: 'not_done' }]);
  });

  test('tells what is gone, what was refused and what stays', async () => {
    const it = world({ last: 3 }, ['vol-1', 'vol-2']);
    for (const volume of ['vol-1', 'vol-2']) it.addNights(volume, 0, 3);
    await it.clock.advanceTo(at('2026-12-01T00:00:00Z'));
    it.cloud.failNext('deleteSnapshot', answers.plain400());
    const view = await pruneNow(it.deps(), { policy: 'nightly', confirm: false }, it.signal);
    expect(view).toMatchObject({ dryRun: false, policies: [{ policy: 'nightly', braked: false }] });
    expect(view.policies[0]?.failed).toMatchObject([{ httpStatus: 400, code: 'EVS.5400' }]);
    expect(view.policies[0]?.deleted).toHaveLength(1);
    expect(view.policies[0]?.kept).toHaveLength(6);
    // The running service tells the end of what this process asked for.
    expect(it.telemetry.count('prune.deleted')).toBe(0);
    await it.confirm();
    expect(it.telemetry.count('prune.deleted')).toBe(1);
  });

  test('a policy that is not named is not touched', async () => {
    const it = world({ last: 1 });
    it.addNights('vol-1', 0, 1);
    expect(await pruneNow(it.deps(), { policy: 'nobody', confirm: true }, it.signal)).toEqual({ dryRun: false, policies: [] });
    expect(it.left()).toEqual(['0', '1']);
  });
});
