import { expect, test } from 'vitest';
import { estimateFiring } from '#domain/firing-estimate';

const work = { volumeCalls: 1, creates: 30, snapshotPages: 1, deletes: 10, lastStartMs: 0 };

test.each([
  ['by the rate', work, { requestsPerSecond: 10, concurrentCreates: 20 }, 5],
  ['by the creates at once', work, { requestsPerSecond: 100, concurrentCreates: 4 }, 8],
  ['without a rate', work, { requestsPerSecond: null, concurrentCreates: 20 }, 2],
  ['by the spread', { ...work, lastStartMs: 1_799_500 }, { requestsPerSecond: 10, concurrentCreates: 20 }, 1_800],
])('42 calls: %s', (_, done, limits, estimatedSeconds) => {
  expect(estimateFiring(done, limits)).toEqual({ apiCalls: 42, estimatedSeconds });
});

test('nothing to do takes no time, but for the look', () => {
  const nothing = { volumeCalls: 1, creates: 0, snapshotPages: 1, deletes: 0, lastStartMs: 0 };
  expect(estimateFiring(nothing, { requestsPerSecond: null, concurrentCreates: 20 })).toEqual({ apiCalls: 2, estimatedSeconds: 0 });
});
