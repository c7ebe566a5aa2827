import { describe, expect, test } from 'vitest';
import { parseSince } from '#domain/since';
import { instant, isoInstant } from '#domain/time';

const now = instant(Date.parse('2026-11-24T12:00:00Z'));

describe('parseSince', () => {
  test.each([
    ['24h', '2026-11-23T12:00:00Z'],
    ['0s', '2026-11-24T12:00:00Z'],
    ['2026-11-24', '2026-11-24T00:00:00Z'],
    ['2026-11-24T02:00:00Z', '2026-11-24T02:00:00Z'],
    ['2026-11-24T02:00:00.5-03:00', '2026-11-24T05:00:00.500Z'],
  ])('%s is %s', (text, at) => {
    const since = parseSince(text, now);
    expect(since === null ? null : isoInstant(since)).toBe(at);
  });

  test.each(['', 'yesterday', '24', '2026-13-01', '2026-11-24T02:00:00', '2026-11-24T25:00:00Z'])('%o is nothing', (text) => {
    expect(parseSince(text, now)).toBeNull();
  });
});
