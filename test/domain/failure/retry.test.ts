import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseRateText, parseRetryAfter } from '#domain/failure/retry-after';
import { retryDelay } from '#domain/failure/retry-delay';
import { DAY, durationMs, instant, SECOND } from '#domain/time';

const now = instant(Date.UTC(2026, 10, 24, 2, 0, 0));

describe('parseRetryAfter', () => {
  it.each<[string | null, number | null]>([
    ['0', 0],
    ['12', 12_000],
    [' 1.5 ', 1_500],
    ['0.0001', 1],
    ['999999999', DAY],
    ['Tue, 24 Nov 2026 02:01:00 GMT', 60_000],
    ['Tuesday, 24-Nov-26 02:01:00 GMT', 60_000],
    ['Tue Nov 24 02:01:00 2026', 60_000],
    ['Tue, 24 Nov 2026 01:00:00 GMT', 0],
    ['Tue, 24 Nov 2099 01:00:00 GMT', DAY],
    ['Tue, 99 Nov 2026 01:00:00 GMT', null],
    ['-1', null],
    ['soon', null],
    ['later please', null],
    ['1e9', null],
    ['', null],
    [null, null],
  ])('%j is %s', (text, expected) => {
    expect(parseRetryAfter(text, now)).toBe(expected);
  });
});

describe('parseRateText', () => {
  it.each<[string, { limit: number; window: number } | null]>([
    ['policy user over ratelimit,limit:10,time:1 minute', { limit: 10, window: 60_000 }],
    ['policy api over ratelimit,limit:200,time:1 second', { limit: 200, window: 1_000 }],
    ['limit: 5, time: 2 hours', { limit: 5, window: 7_200_000 }],
    ['limit:5,time:3 days', { limit: 5, window: DAY }],
    ['Threshold: 5 times per 60 seconds', { limit: 5, window: 60_000 }],
    ['limit:0,time:1 minute', null],
    ['limit:5,time:0 minute', null],
    ['limit:5', null],
    ['', null],
  ])('%j', (text, expected) => {
    expect(parseRateText(text)).toEqual(expected);
  });
});

describe('retryDelay', () => {
  const backoff = { initial: durationMs(10 * SECOND), max: durationMs(600 * SECOND) };
  it.each<[number, number, number | null | undefined, number]>([
    [1, 0, undefined, 5_000],
    [1, 0.5, null, 7_500],
    [2, 0, null, 10_000],
    [7, 0.999, null, 599_700],
    [5_000, 0, null, 300_000],
    [0, 0, null, 5_000],
    [1, 0, 7_000, 7_000],
    [1, 0.5, 7_000, 7_500],
    [1, 0.5, 60_000, 63_000],
    [1, 0.5, 3_600_000, 3_780_000],
  ])('try %i, chance %d, told %s: %i ms', (attempt, random01, retryAfterMs, expected) => {
    expect(retryDelay({ attempt, backoff, random01, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) })).toBe(expected);
  });

  it('stays within the cap, never under half, never shorter than told', () => {
    fc.assert(
      fc.property(fc.nat(100), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.option(fc.nat(10_000_000)), (attempt, random01, told) => {
        const delay = retryDelay({ attempt, backoff, random01, retryAfterMs: told });
        expect(delay).toBeGreaterThanOrEqual(Math.max(told ?? 0, backoff.initial / 2));
        expect(delay).toBeLessThanOrEqual(Math.max(backoff.max, (told ?? 0) * 1.1 + 1));
      }),
    );
  });
});
