import { expect, test } from 'vitest';
import { HOUR, addMs } from '#domain/time';
import { at, decide, owned, rules } from './volume.ts';

const first = at('2021-11-24T03:00:00Z');
const hours = 43_824;
const hourly = Array.from({ length: hours }, (_, hour) => owned(addMs(first, hour * HOUR)));

/** Worked out with a calendar: the newest is due at 03:00 in Berlin, an hour ahead of UTC; summer time is March 29 to October 25, 2026. */
const expected: readonly (readonly [due: string, reasons: string])[] = [
  ['2026-11-24T02:00:00Z', 'last, hourly 2026-11-24T03, daily 2026-11-24, weekly 2026-W48, monthly 2026-11, yearly 2026, newest good'],
  ['2026-11-24T01:00:00Z', 'last, hourly 2026-11-24T02'],
  ['2026-11-24T00:00:00Z', 'last, hourly 2026-11-24T01'],
  ['2026-11-23T23:00:00Z', 'hourly 2026-11-24T00'],
  ['2026-11-23T22:00:00Z', 'hourly 2026-11-23T23, daily 2026-11-23'],
  // The other 19 of 24 hours: down to 04:00 of the day before.
  ...Array.from({ length: 19 }, (_, back) => {
    const hour = 21 - back;
    return [`2026-11-23T${two(hour)}:00:00Z`, `hourly 2026-11-23T${two(hour + 1)}`] as const;
  }),
  // Days and weeks end at 23:00 in Berlin, 22:00 UTC.
  ['2026-11-22T22:00:00Z', 'daily 2026-11-22, weekly 2026-W47'],
  ['2026-11-21T22:00:00Z', 'daily 2026-11-21'],
  ['2026-11-20T22:00:00Z', 'daily 2026-11-20'],
  ['2026-11-19T22:00:00Z', 'daily 2026-11-19'],
  ['2026-11-18T22:00:00Z', 'daily 2026-11-18'],
  ['2026-11-15T22:00:00Z', 'weekly 2026-W46'],
  ['2026-11-08T22:00:00Z', 'weekly 2026-W45'],
  ['2026-11-01T22:00:00Z', 'weekly 2026-W44'],
  // Twelve months with the current one; in summer time they end at 21:00 UTC.
  ['2026-10-31T22:00:00Z', 'monthly 2026-10'],
  ['2026-09-30T21:00:00Z', 'monthly 2026-09'],
  ['2026-08-31T21:00:00Z', 'monthly 2026-08'],
  ['2026-07-31T21:00:00Z', 'monthly 2026-07'],
  ['2026-06-30T21:00:00Z', 'monthly 2026-06'],
  ['2026-05-31T21:00:00Z', 'monthly 2026-05'],
  ['2026-04-30T21:00:00Z', 'monthly 2026-04'],
  ['2026-03-31T21:00:00Z', 'monthly 2026-03'],
  ['2026-02-28T22:00:00Z', 'monthly 2026-02'],
  ['2026-01-31T22:00:00Z', 'monthly 2026-01'],
  ['2025-12-31T22:00:00Z', 'monthly 2025-12, yearly 2025'],
  ['2024-12-31T22:00:00Z', 'yearly 2024'],
  ['2023-12-31T22:00:00Z', 'yearly 2023'],
  ['2022-12-31T22:00:00Z', 'yearly 2022'],
];

test('five years of hourly snapshots shrink to 46', () => {
  const decisions = decide(hourly, { rules: rules({ last: 3, hourly: 24, daily: 7, weekly: 5, monthly: 12, yearly: 5 }), timezone: 'Europe/Berlin' });

  const kept = decisions.filter(({ action }) => action === 'keep').map(({ snapshot, reasons }) => [snapshot.id, reasons.join(', ')]);
  expect(kept.toReversed()).toEqual(expected);
  expect(expected).toHaveLength(46);
  expect(decisions.filter(({ cause }) => cause === 'expired')).toHaveLength(hours - 46);
});

function two(value: number): string {
  return String(value).padStart(2, '0');
}
