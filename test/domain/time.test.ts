import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE, SECOND, WEEK, addMs, durationMs, formatDuration, instant, isoInstant, isoSeconds, parseDuration } from '#domain/time';

describe('instants', () => {
  test.each([0, -1, 1_795_485_600_000, 8.64e15, -8.64e15])('%d is one', (ms) => {
    expect(instant(ms)).toBe(ms);
  });

  test.each([Number.NaN, Infinity, -Infinity, 8.64e15 + 1, -8.64e15 - 1])('%d is none', (ms) => {
    expect(() => instant(ms)).toThrow(RangeError);
  });

  test('parts of a millisecond are cut', () => {
    expect(instant(1.9)).toBe(1);
    expect(instant(-1.9)).toBe(-1);
  });

  test('adding goes both ways and not out of range', () => {
    expect(addMs(instant(1_000), 500)).toBe(1_500);
    expect(addMs(instant(1_000), -1_500)).toBe(-500);
    expect(() => addMs(instant(8.64e15), 1)).toThrow(RangeError);
  });

  test.each([
    ['2026-11-24T02:00:00.000Z', '2026-11-24T02:00:00Z', '2026-11-24T02:00:00Z'],
    ['2026-11-24T02:00:00.999Z', '2026-11-24T02:00:00Z', '2026-11-24T02:00:00.999Z'],
    ['2028-02-29T23:59:59.001Z', '2028-02-29T23:59:59Z', '2028-02-29T23:59:59.001Z'],
    ['1970-01-01T00:00:00.000Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
  ])('%s is written %s, or %s', (iso, seconds, exact) => {
    const at = instant(Date.parse(iso));
    expect(isoSeconds(at)).toBe(seconds);
    expect(isoInstant(at)).toBe(exact);
  });

  test('what is written reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        expect(Date.parse(isoInstant(instant(ms)))).toBe(ms);
        expect(Date.parse(isoSeconds(instant(ms)))).toBe(ms - (ms % 1000));
      }),
    );
  });
});

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['0s', 0],
    ['30s', 30 * SECOND],
    ['15m', 15 * MINUTE],
    ['6h', 6 * HOUR],
    ['7d', 7 * DAY],
    ['2w', 2 * WEEK],
    [' 1h ', HOUR],
    ['007s', 7 * SECOND],
  ])('%j', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  test.each(['', '30', '30 s', '-1s', '1.5h', '1h30m', 's', '1S', '1y', '0x1s', '1e3s', '9999999999s', '٣s'])('%j is none', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  test.each([-1, Number.NaN, Infinity])('%d is none', (ms) => {
    expect(() => durationMs(ms)).toThrow(RangeError);
  });

  test.each([
    [0, '0s'],
    [1, '1ms'],
    [1_500, '1500ms'],
    [90_000, '90s'],
    [86_400_000, '1d'],
    [1_209_600_000, '2w'],
    [5_400_000, '90m'],
  ])('%d is written %s', (ms, text) => {
    expect(formatDuration(durationMs(ms))).toBe(text);
  });

  test('what is written reads back', () => {
    fc.assert(
      fc.property(fc.nat(999_999_999), fc.constantFrom<number>(1, SECOND, MINUTE, HOUR, DAY, WEEK), (count, unit) => {
        const duration = durationMs(count * unit);
        expect(parseDuration(formatDuration(duration))).toBe(duration);
      }),
    );
  });
});
