import { describe, expect, test } from 'vitest';
import { previewPrune } from '#app/preview-prune';
import { pruneNow } from '#app/prune/prune-now';
import { DAY, HOUR, durationMs } from '#domain/time';
import { answers, evsError, refused } from '../fakes/cloud-answers.ts';
import { RetainedWorld, mark, night, retaining } from '../fakes/retained-world.ts';
import { TARGET } from '../fakes/world.ts';

const cap = (): ReturnType<typeof refused> => refused(413, evsError('EVS.1042', 'The number of snapshots of the volume exceeds the quota.'));
const undeletable = (): ReturnType<typeof refused> => refused(400, evsError('EVS.1047', 'Invalid snapshot: Snapshot status must be available or error.'));

function world(rules: Parameters<typeof retaining>[0]): RetainedWorld {
  return new RetainedWorld({ policies: [retaining(rules)] });
}

// backube/snapscheduler #688
test('A29: failed snapshots do not push out the last good one, and go themselves', async () => {
  const it = world({ last: 3 });
  it.addNights('vol-1', 0, 0);
  for (const count of [1, 2, 3]) it.cloud.addSnapshot({ id: `failed-${count}`, volumeId: 'vol-1', metadata: mark('vol-1', night(count)), status: 'error' });
  it.cloud.scriptCreates({ ends: 'creating' });
  await it.clock.advanceTo(night(4));
  await it.plan(night(4));
  await it.work();
  await it.sweep();
  expect(it.left()).toEqual(['0', '4 creating']);
  expect(it.telemetry.of('prune.deleted').map(({ cause }) => cause)).toEqual(['failed', 'failed', 'failed']);
  await it.fire(5);
  await it.sweep();
  expect(it.left()).toContain('0');
});

// velero-io/velero #9061
test('A30: with age alone and five days of failures the newest good one is kept, and says why', async () => {
  const it = world({ within: durationMs(DAY) });
  it.addNights('vol-1', 0, 2);
  it.cloud.scriptCreates(...Array.from({ length: 5 }, () => ({ refuse: answers.plain400() })));
  for (const count of [3, 4, 5, 6, 7]) await it.fire(count);
  await it.sweep();
  expect(it.left()).toEqual(['1', '2']);
  const [policy] = (await previewPrune(it.deps())).policies;
  expect(policy?.kept[0]?.reasons).toEqual(['within 1d', 'newest good']);
  expect(it.telemetry.count('run.failed')).toBe(5);
});

// zrepl/zrepl #540
test('A31: what others made is neither counted nor deleted', async () => {
  const it = world({ last: 1 });
  it.cloud.addSnapshot({ id: 'by-hand', volumeId: 'vol-1', name: 'manual-before-upgrade' });
  it.cloud.addSnapshot({ id: 'named-like-ours', volumeId: 'vol-1', name: 'nightly-vol-1-20261124T020000Z', metadata: { team: 'payments' } });
  it.cloud.addSnapshot({ id: 'other-installation', volumeId: 'vol-1', metadata: mark('vol-1', night(9), 'nightly', 'staging') });
  it.cloud.addSnapshot({ id: 'by-backup', volumeId: 'vol-1', name: 'autobk_snapshot_x', metadata: mark('vol-1', night(9)) });
  for (const count of [0, 1, 2]) {
    await it.fire(count);
    await it.prune();
  }
  await it.sweep();
  const ids = it.cloud.snapshots().map(({ id }) => id);
  expect(ids.slice(0, 4)).toEqual(['by-hand', 'named-like-ours', 'other-installation', 'by-backup']);
  expect(it.left().slice(4)).toEqual(['2']);
});

describe('A32 (longhorn/longhorn #4898, #1164): the order of create and prune', () => {
  test('at the cap with deletes refused: one attempt a due time, told as quota, no hot loop, nothing grows', async () => {
    const it = world({ last: 6 });
    it.addNights('vol-1', -7, -1);
    const refuseAll = (): void => it.cloud.failNext('deleteSnapshot', ...Array.from({ length: 10 }, undeletable));
    for (const count of [0, 1]) {
      refuseAll();
      it.cloud.scriptCreates({ refuse: cap() });
      await it.fire(count);
      await it.prune();
      it.cloud.answerAgain();
    }
    expect(it.left()).toHaveLength(7);
    expect(it.cloud.creates).toHaveLength(2);
    expect(it.telemetry.of('run.failed')).toMatchObject([{ kind: 'quota', errorCode: 'EVS.1042' }, { kind: 'quota', errorCode: 'EVS.1042' }]);
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ errorCode: 'EVS.1047' }, { errorCode: 'EVS.1047' }]);
  });

  test('at the cap with one that has expired: it makes room, and the run succeeds at its second try', async () => {
    const it = world({ last: 6 });
    it.addNights('vol-1', -7, -1);
    it.cloud.scriptCreates({ refuse: cap() });
    await it.fire(0);
    await it.prune();
    expect(it.left()).toEqual(['-5', '-4', '-3', '-2', '-1', '0']);
    expect(await it.onlyRun()).toMatchObject({ outcome: 'available', tries: 2 });
    expect(it.telemetry.count('run.retry')).toBe(1);
  });

  test('at the cap and nothing of ours has expired: nothing is deleted to make room', async () => {
    const it = world({ last: 7 });
    it.addNights('vol-1', -7, -1);
    it.cloud.scriptCreates({ refuse: cap() });
    await it.fire(0);
    expect(it.left()).toHaveLength(7);
    expect(await it.onlyRun()).toMatchObject({ outcome: 'failed', tries: 1, failure: { kind: 'quota' } });
  });

  test('room that is taken again at once is not made twice', async () => {
    const it = world({ last: 5 });
    it.addNights('vol-1', -7, -1);
    it.cloud.scriptCreates({ refuse: cap() }, { refuse: cap() });
    await it.fire(0);
    expect(await it.onlyRun()).toMatchObject({ outcome: 'failed', tries: 2, failure: { kind: 'quota' } });
  });

  test('while creates fail, prune does not go below what the policy keeps', async () => {
    const it = world({ last: 3, daily: 2 });
    it.addNights('vol-1', -4, -1);
    it.cloud.scriptCreates(...Array.from({ length: 4 }, () => ({ refuse: answers.forbidden() })));
    for (const count of [0, 1, 2, 3]) {
      await it.fire(count);
      await it.prune();
      await it.sweep();
    }
    expect(it.left()).toEqual(['-3', '-2', '-1']);
  });
});

// longhorn/longhorn #2751
test('A33: a count lowered from 30 to 3 asks first, then exactly the newest three remain', async () => {
  const it = world({ last: 30 });
  it.addNights('vol-1', -30, -1);
  it.setPolicies(retaining({ last: 3 }, { revision: 'r2' }));
  await it.sweep();
  expect(it.left()).toHaveLength(30);
  expect(it.telemetry.of('prune.braked')).toMatchObject([{ expired: 27, good: 30, revision: 'r2' }]);
  const [confirmed] = (await pruneNow(it.deps(), { policy: 'nightly', confirm: true }, it.signal)).policies;
  expect(confirmed?.deleted).toHaveLength(27);
  expect(it.left()).toEqual(['-3', '-2', '-1']);
});

describe('A34 (kernel/hypeman #139, radius-project/samples #1863): states at the edge of a delete', () => {
  test('gone already is done', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.beforeCall = async (operation, id) => {
      if (operation === 'deleteSnapshot') it.cloud.removeSnapshot(id);
    };
    await it.prune();
    expect(it.telemetry.of('prune.deleted')).toMatchObject([{ snapshotId: 'snap-1' }]);
    expect(it.telemetry.count('prune.failed')).toBe(0);
  });

  test.each(['creating', 'backing-up', 'rollbacking', 'deleting', 'error_deleting'])('%s is left alone and looked at again', async (status) => {
    const it = world({ last: 1 });
    it.cloud.addSnapshot({ id: 'passing', volumeId: 'vol-1', metadata: mark('vol-1', night(-2)), status });
    it.addNights('vol-1', -1, -1);
    await it.fire(0);
    await it.prune();
    await it.sweep();
    expect(it.left()).toEqual([`-2 ${status}`, '0']);
    expect(it.cloud.deleted).not.toContain('passing');
    it.cloud.removeSnapshot('passing');
    it.addNights('vol-1', -2, -2);
    await it.sweep();
    expect(it.left()).toEqual(['0']);
  });

  test('error_deleting is told, asked for again an hour later and then ever more seldom, never forced', async () => {
    const it = world({ last: 1 });
    for (const count of [0, 1]) await it.fire(count);
    it.cloud.scriptDelete('snap-1', 'error_deleting');
    await it.prune();
    expect(it.telemetry.of('prune.failed')).toMatchObject([{ snapshotId: 'snap-1', errorCode: 'error_deleting' }]);
    const calls: number[] = [];
    for (const hours of [0.5, 1, 2, 4]) {
      await it.confirm(it.deps(), hours * HOUR);
      calls.push(it.cloud.calls('deleteSnapshot'));
    }
    expect(calls).toEqual([1, 2, 3, 4]);
    expect(it.telemetry.of('prune.failed').at(-1)).toMatchObject({ errorCode: 'EVS.1047', httpStatus: 400 });
    it.cloud.removeSnapshot('snap-1');
    await it.confirm(it.deps(), DAY);
    expect(it.telemetry.count('prune.deleted')).toBe(1);
    expect(await it.book.pending(TARGET)).toEqual([]);
  });
});

// cloud-custodian/cloud-custodian #10000
test('A35: of five deletes two fail: three are told as deleted, two as failed with their code', async () => {
  const it = new RetainedWorld({ policies: [retaining({ last: 1 })], volumes: ['vol-1', 'vol-2', 'vol-3', 'vol-4', 'vol-5'] });
  for (const count of [0, 1]) await it.fire(count);
  it.cloud.failNext('deleteSnapshot', refused(409, evsError('EVS.2409', 'Conflict')), undeletable());
  await it.prune();
  expect(it.telemetry.count('prune.deleted')).toBe(3);
  expect(it.telemetry.of('prune.failed').map(({ httpStatus, errorCode }) => [httpStatus, errorCode])).toEqual([[409, 'EVS.2409'], [400, 'EVS.1047']]);
  expect(it.cloud.snapshots()).toHaveLength(7);
  const gone = new Set(it.telemetry.of('prune.deleted').map(({ snapshotId }) => snapshotId));
  expect(it.cloud.snapshots().some(({ id }) => gone.has(id))).toBe(false);
});
