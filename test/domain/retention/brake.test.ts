import { expect, test } from 'vitest';
import { brakeReason } from '#domain/retention/brake';
import type { VolumePrune } from '#domain/retention/brake';

function volumes(...each: readonly (readonly [good: number, expired: number])[]): readonly VolumePrune[] {
  return each.map(([good, expired], place) => ({ volumeId: `vol-${place + 1}`, good, expired }));
}

test.each([
  ['no volumes', volumes()],
  ['nothing to delete', volumes([0, 0], [7, 0])],
  ['exactly three of one volume', volumes([7, 3])],
  ['exactly half of the policy', volumes([6, 3], [2, 1])],
  ['more than half of one volume, not of the policy', volumes([3, 2], [7, 0])],
  ['a day of a fleet', volumes(...Array.from({ length: 1_000 }, () => [7, 1] as const))],
])('goes on: %s', (_what, prune) => {
  expect(brakeReason(prune)).toBeNull();
});

test.each([
  ['four of one volume', volumes([100, 1], [100, 4]), 'this would delete at once 4 snapshots of volume vol-2 (at most 3 may go)'],
  ['the worst of several is named', volumes([90, 4], [90, 6], [90, 6], [90, 3]), 'this would delete at once 6 snapshots of volume vol-2 (at most 3 may go), and too many of 2 more'],
  ['one more than half', volumes([4, 2], [3, 2]), 'this would delete at once 4 of the 7 good snapshots of the policy (at most half may go)'],
  ['two of three', volumes([3, 2]), 'this would delete at once 2 of the 3 good snapshots of the policy (at most half may go)'],
  ['both', volumes([7, 4]), 'this would delete at once 4 snapshots of volume vol-1 (at most 3 may go); and 4 of the 7 good snapshots of the policy (at most half may go)'],
])('stops: %s', (_what, prune, reason) => {
  expect(brakeReason(prune)).toBe(reason);
});
