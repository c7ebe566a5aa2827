import { beforeEach, describe, expect, test } from 'vitest';
import type { Brake, PendingDelete, PruneBook, VolumeToPrune } from '#app/ports/prune-book';
import { addMs, instant } from '#domain/time';

const T0 = instant(Date.parse('2026-11-24T02:00:00Z'));

function volume(policy: string, volumeId: string, ms: number): VolumeToPrune {
  return { policy, volumeId, since: addMs(T0, ms) };
}

function pendingOf(snapshotId: string, fields: Partial<PendingDelete> = {}): PendingDelete {
  return {
    snapshotId,
    policy: 'nightly',
    volumeId: 'vol-1',
    due: T0,
    runId: 'run-1',
    cause: 'expired',
    reasons: ['no rule keeps it'],
    recordedAt: T0,
    acceptedAt: null,
    said: null,
    failures: 0,
    lookAt: addMs(T0, 2_000),
    ...fields,
  };
}

const brakeOf = (fields: Partial<Brake> = {}): Brake => ({ policy: 'nightly', target: 'eu', revision: 'r1', reason: 'too many', good: 5, expired: 4, since: T0, ...fields });

/** What every PruneBook does. `create` gives an empty one. */
export function pruneBookContract(create: () => Promise<PruneBook>): void {
  let book: PruneBook;
  beforeEach(async () => {
    book = await create();
  });

  describe('volumes to prune', () => {
    test('come oldest first, so many at most, of one target', async () => {
      await book.note('eu', volume('b', 'v/2', 20));
      await book.note('eu', volume('a', 'v1', 10));
      await book.note('us', volume('a', 'v1', 5));
      expect(await book.noted('eu', 10)).toEqual([volume('a', 'v1', 10), volume('b', 'v/2', 20)]);
      expect(await book.noted('eu', 1)).toEqual([volume('a', 'v1', 10)]);
      expect(await book.noted('ap', 10)).toEqual([]);
    });

    test('one that is noted again while it is pruned stays noted', async () => {
      await book.note('eu', volume('a', 'v1', 10));
      await book.note('eu', volume('a', 'v2', 11));
      const noted = await book.noted('eu', 10);
      await book.note('eu', volume('a', 'v1', 30));
      await book.strike('eu', noted);
      expect(await book.noted('eu', 10)).toEqual([volume('a', 'v1', 30)]);
      await book.strike('eu', []);
    });
  });

  describe('deletes', () => {
    test('each is recorded by one caller only', async () => {
      expect(await book.begin('eu', [pendingOf('s1'), pendingOf('s2')])).toEqual(new Set(['s1', 's2']));
      expect(await book.begin('eu', [pendingOf('s2', { policy: 'other' }), pendingOf('s3')])).toEqual(new Set(['s3']));
      expect(new Map((await book.pending('eu')).map(({ snapshotId, policy }) => [snapshotId, policy]))).toEqual(new Map([['s1', 'nightly'], ['s2', 'nightly'], ['s3', 'nightly']]));
      expect(await book.pending('us')).toEqual([]);
      expect(await book.begin('eu', [])).toEqual(new Set());
    });

    test('are changed where they are on record, and come back as they were written', async () => {
      await book.begin('eu', [pendingOf('s1')]);
      const said = { httpStatus: 400, code: 'EVS.1047', message: 'not now', requestId: 'req-1' };
      const changed = pendingOf('s1', { acceptedAt: addMs(T0, 1), said, failures: 2, reasons: ['a', 'b'] });
      await book.update('eu', [changed, pendingOf('s2')]);
      expect(await book.pending('eu')).toEqual([changed]);
      await book.update('eu', []);
    });

    test('each ends for one caller only', async () => {
      await book.begin('eu', [pendingOf('s1'), pendingOf('s2')]);
      expect(await book.end('eu', ['s1', 's9'])).toEqual(new Set(['s1']));
      expect(await book.end('eu', ['s1', 's2'])).toEqual(new Set(['s2']));
      expect(await book.pending('eu')).toEqual([]);
    });
  });

  describe('brakes', () => {
    test('hold once for a revision of a policy, until they are lifted', async () => {
      expect(await book.brake(brakeOf())).toBe(true);
      expect(await book.brake(brakeOf({ reason: 'even more' }))).toBe(false);
      expect(await book.brakes()).toEqual(new Map([['nightly', brakeOf()]]));
      expect(await book.brake(brakeOf({ revision: 'r2' }))).toBe(true);
      expect(await book.brake(brakeOf({ policy: 'other' }))).toBe(true);
      await book.lift('nightly');
      await book.lift('nightly');
      expect(await book.brakes()).toEqual(new Map([['other', brakeOf({ policy: 'other' })]]));
      expect(await book.brake(brakeOf())).toBe(true);
    });
  });
}
