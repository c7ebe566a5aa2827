import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { MAX_ATTEMPTS_KEPT, ended, newRun, withAttempt } from '#domain/run';
import type { Attempt, Run } from '#domain/run';
import { instant } from '#domain/time';

const run = newRun('r1', { id: 'vol-1', name: 'db-1', named: true });

function attempt(at: number): Attempt {
  return { at: instant(at), result: 'throttled', httpStatus: 429, code: 'APIGW.0308', message: 'slow down', requestId: null };
}

function after(count: number): Run {
  let last = run;
  for (let n = 0; n < count; n += 1) last = withAttempt(last, attempt(n));
  return last;
}

describe('runs', () => {
  test('nothing has happened to a new one', () => {
    expect(run).toEqual({
      id: 'r1', volumeId: 'vol-1', volumeName: 'db-1', named: true, phase: 'queued', outcome: 'pending', tries: 0, requestedAt: null,
      snapshotId: null, snapshotName: null, adopted: false, finishedAt: null, failure: null, attempts: [],
    });
  });

  test('attempts are added at the end, and nothing else changes', () => {
    const twice = withAttempt(withAttempt(run, attempt(1)), attempt(2));
    expect(twice).toEqual({ ...run, attempts: [attempt(1), attempt(2)] });
    expect(run.attempts).toEqual([]);
  });

  test.each([
    [MAX_ATTEMPTS_KEPT, 1],
    [MAX_ATTEMPTS_KEPT + 1, 2],
    [MAX_ATTEMPTS_KEPT + 50, 51],
  ])('of %i attempts the first and the newest are kept', (count, second) => {
    const kept = after(count).attempts.map(({ at }) => Number(at));
    expect(kept).toHaveLength(MAX_ATTEMPTS_KEPT);
    expect(kept.slice(0, 2)).toEqual([0, second]);
    expect(kept.at(-1)).toBe(count - 1);
  });

  test('however many there are, they stay in order and bounded', () => {
    fc.assert(
      fc.property(fc.nat(200), (count) => {
        const kept = after(count).attempts.map(({ at }) => Number(at));
        expect(kept).toHaveLength(Math.min(count, MAX_ATTEMPTS_KEPT));
        expect(kept).toEqual(kept.toSorted((a, b) => a - b));
        expect(kept.slice(1)).toEqual(Array.from({ length: Math.max(0, kept.length - 1) }, (_, n) => count - kept.length + 1 + n));
      }),
    );
  });

  test('an ended run keeps what is known of its snapshot and its tries', () => {
    const made: Run = { ...withAttempt(run, attempt(1)), phase: 'creating', snapshotId: 's', snapshotName: 'n', adopted: true, tries: 3, requestedAt: instant(5) };
    expect(ended(made, 'available', instant(9), null)).toEqual({ ...made, phase: 'ended', outcome: 'available', finishedAt: 9, failure: null });
    const failure = { kind: 'invalid', httpStatus: 400, code: 'c', message: 'm', requestId: 'q' } as const;
    expect(ended(made, 'failed', instant(9), failure)).toMatchObject({ phase: 'ended', outcome: 'failed', failure, attempts: [attempt(1)] });
  });
});
