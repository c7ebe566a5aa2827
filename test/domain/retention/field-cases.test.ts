import { expect, test } from 'vitest';
import { brakeReason } from '#domain/retention/brake';
import { DAY, addMs, durationMs } from '#domain/time';
import { at, decide, idsOf, lines, owned, rules } from './volume.ts';

// backube/snapscheduler #688: counting snapshots that were not ready deleted the last usable one.
test('A29: failed and unfinished snapshots do not push out the last good one', () => {
  const s1 = owned('2026-11-20T02:00:00Z', { id: 'S1' });
  const errors = [2, 3, 4].map((n) => owned(`2026-11-2${n}T02:00:00Z`, { id: `S${n}`, status: 'error' }));
  const s5 = (status: string) => owned('2026-11-25T02:00:00Z', { id: 'S5', status });
  const three = { rules: rules({ last: 3 }) };

  expect(lines(decide([s1, ...errors, s5('creating')], three))).toEqual([
    'S1: keep: last, newest good',
    'S2: delete (failed): never became good',
    'S3: delete (failed): never became good',
    'S4: delete (failed): never became good',
    'S5: ignore: status creating',
  ]);
  expect(lines(decide([s1, s5('available')], three))).toEqual(['S1: keep: last', 'S5: keep: last, newest good']);
});

// velero-io/velero #9061: with age alone and failing creations, every good backup expired.
test('A30: with age alone and five days of failures the good ones stay as they were', () => {
  const good = [1, 2, 3].map((n) => owned(`2026-11-0${n}T02:00:00Z`, { id: `good${n}` }));
  const failed = [4, 5, 6, 7, 8].map((n) => owned(`2026-11-0${n}T02:00:00Z`, { id: `failed${n}`, status: 'error' }));

  const decisions = decide([...good, ...failed], { rules: rules({ within: durationMs(DAY) }), now: at('2026-11-08T03:00:00Z') });
  expect(lines(decisions).slice(0, 3)).toEqual(['good1: delete (expired): no rule keeps it', 'good2: keep: within 1d', 'good3: keep: within 1d, newest good']);
  expect(decisions.slice(3).every(({ cause }) => cause === 'failed')).toBe(true);
});

// zrepl/zrepl #540: a snapshot that an operator had made by hand was pruned.
test('A31: what others made is neither counted nor deleted', () => {
  const others = [
    { ...owned('2026-11-26T02:00:00Z', { id: 'by-hand', name: 'manual-before-upgrade' }), metadata: {} },
    { ...owned('2026-11-26T02:00:00Z', { id: 'named-like-ours' }), metadata: { team: 'payments' } },
    owned('2026-11-26T02:00:00Z', { id: 'other-installation', instance: 'staging' }),
    owned('2026-11-26T02:00:00Z', { id: 'by-backup', name: 'autobk_snapshot_x' }),
  ];
  const ours = [24, 25].map((day) => owned(`2026-11-${day}T02:00:00Z`, { id: `ours${day}` }));

  const decisions = decide([...others, ...ours], { rules: rules({ last: 1 }) });
  expect(idsOf(decisions, 'ignore')).toEqual(['by-hand', 'named-like-ours', 'other-installation', 'by-backup']);
  expect(lines(decisions).slice(4)).toEqual(['ours24: delete (expired): no rule keeps it', 'ours25: keep: last, newest good']);
});

// longhorn/longhorn #2751: a lowered count did not touch what was there.
test('A33: a count lowered from 30 to 3 leaves the three newest, behind the brake', () => {
  const snapshots = Array.from({ length: 30 }, (_, day) => owned(addMs(at('2026-11-01T02:00:00Z'), day * DAY)));

  const decisions = decide(snapshots, { rules: rules({ last: 3 }) });
  expect(idsOf(decisions, 'keep')).toEqual(['2026-11-28T02:00:00Z', '2026-11-29T02:00:00Z', '2026-11-30T02:00:00Z']);
  const expired = decisions.filter(({ cause }) => cause === 'expired').length;
  expect(brakeReason([{ volumeId: 'vol-a', good: 30, expired }])).toBe(
    'this would delete at once 27 snapshots of volume vol-a (at most 3 may go); and 27 of the 30 good snapshots of the policy (at most half may go)',
  );
});

// kernel/hypeman #139: deleting one in a transient state failed the run.
test('A34: what is on its way somewhere is left to the next time', () => {
  const statuses = ['creating', 'backing-up', 'rollbacking', 'deleting', 'error_deleting'];
  const snapshots = statuses.map((status, n) => owned(`2026-11-0${n + 1}T02:00:00Z`, { id: status, status }));

  expect(lines(decide([...snapshots, owned('2026-11-24T02:00:00Z', { id: 'good' })]))).toEqual([...statuses.map((status) => `${status}: ignore: status ${status}`), 'good: keep: last, newest good']);
});
