import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { decideAfterFailure } from '#domain/after-failure';
import { FAILURE_KINDS } from '#domain/failure/failure';
import type { Failure, FailureKind } from '#domain/failure/failure';
import { SECOND, durationMs } from '#domain/time';

const BACKOFF = durationMs(10 * SECOND);

function failureOf(kind: FailureKind, fields: Partial<Failure> = {}): Failure {
  return { kind, httpStatus: 500, code: 'c', message: 'm', requestId: null, retryAfterMs: null, outcomeUnknown: false, ...fields };
}

describe('decideAfterFailure', () => {
  const lost = { outcomeUnknown: true };
  const rows: readonly (readonly [what: string, Failure, tries: number, named: boolean, expected: ReturnType<typeof decideAfterFailure>])[] = [
    ['throttled waits as long as it is told', failureOf('throttled', { retryAfterMs: 3_000 }), 1, false, { kind: 'wait', delay: durationMs(3_000) }],
    ['throttled without a word waits the back-off', failureOf('throttled'), 1, false, { kind: 'wait', delay: BACKOFF }],
    ['throttled at the last try, and beyond, waits', failureOf('throttled'), 9, false, { kind: 'wait', delay: BACKOFF }],
    ['transient, answered', failureOf('transient'), 1, false, { kind: 'retry', delay: BACKOFF, look: false }],
    ['transient, outcome unknown', failureOf('transient', lost), 2, false, { kind: 'retry', delay: BACKOFF, look: true }],
    ['unknown, outcome unknown', failureOf('unknown', lost), 2, false, { kind: 'retry', delay: BACKOFF, look: true }],
    ['unknown, answered', failureOf('unknown'), 2, false, { kind: 'retry', delay: BACKOFF, look: false }],
    ['a longer Retry-After wins', failureOf('transient', { retryAfterMs: 60_000 }), 1, false, { kind: 'retry', delay: durationMs(60_000), look: false }],
    ['a shorter one does not', failureOf('transient', { retryAfterMs: 1 }), 1, false, { kind: 'retry', delay: BACKOFF, look: false }],
    ['transient at the last try', failureOf('transient'), 3, false, { kind: 'fail' }],
    ['unknown at the last try', failureOf('unknown'), 3, false, { kind: 'fail' }],
    ['outcome unknown at the last try', failureOf('transient', lost), 3, false, { kind: 'last-look' }],
    ['outcome unknown beyond it', failureOf('unknown', lost), 4, false, { kind: 'last-look' }],
    ['conflict', failureOf('conflict'), 2, false, { kind: 'retry', delay: BACKOFF, look: false }],
    ['conflict at the last try', failureOf('conflict'), 3, false, { kind: 'fail' }],
    ['a matched volume is gone', failureOf('not_found'), 1, false, { kind: 'skip', reason: 'the volume is gone' }],
    ['a named volume is not there', failureOf('not_found'), 1, true, { kind: 'fail' }],
    ['auth', failureOf('auth'), 1, false, { kind: 'fail' }],
    ['quota, whatever Retry-After says', failureOf('quota', { retryAfterMs: 0 }), 1, false, { kind: 'fail' }],
    ['invalid', failureOf('invalid'), 1, false, { kind: 'fail' }],
  ];
  test.each(rows)('%s', (_, failure, tries, named, expected) => {
    expect(decideAfterFailure({ failure, tries, attempts: 3, named, backoff: BACKOFF })).toEqual(expected);
  });

  test('never more tries than attempts, never sooner than the back-off or the cloud said, and a look wherever one may be needed', () => {
    const input = fc.record({
      kind: fc.constantFrom(...FAILURE_KINDS),
      retryAfterMs: fc.option(fc.integer({ min: 1, max: 3_600_000 })),
      outcomeUnknown: fc.boolean(),
      tries: fc.integer({ min: 1, max: 10 }),
      attempts: fc.integer({ min: 1, max: 10 }),
      named: fc.boolean(),
    });
    fc.assert(
      fc.property(input, ({ kind, retryAfterMs, outcomeUnknown, tries, attempts, named }) => {
        const next = decideAfterFailure({ failure: failureOf(kind, { retryAfterMs, outcomeUnknown }), tries, attempts, named, backoff: BACKOFF });
        if (next.kind === 'retry') {
          expect(tries).toBeLessThan(attempts);
          expect(next.delay).toBeGreaterThanOrEqual(Math.max(BACKOFF, retryAfterMs ?? 0));
          if (kind !== 'conflict') expect(next.look).toBe(outcomeUnknown);
        }
        if (next.kind === 'wait') expect(kind).toBe('throttled');
        if (outcomeUnknown && (kind === 'transient' || kind === 'unknown')) expect(next.kind).not.toBe('fail');
      }),
    );
  });
});
