import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { localDueTimes } from '#domain/schedule/local-due-times';
import { localIso } from '#domain/schedule/local-iso';
import { DAY, HOUR, MINUTE, addMs, instant, isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';

const at = (iso: string): Instant => instant(Date.parse(iso));

const zones = ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'America/Santiago', 'Africa/Cairo', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'America/New_York'];
const expressions = ['0 2 * * *', '30 2 * * *', '0 0 * * *', '*/30 * * * *', '15 1,2,3 * * *', '30 2 * * 0', '0 3 1-7 * MON', '0 12 L * *', '5 */3 * 3,10 *', '20 30 2 * * *', '59 23 * * *'];

test('as croner says, for any schedule, zone and window', () => {
  fc.assert(
    fc.property(
      fc.subarray(expressions, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(...zones),
      fc.integer({ min: at('2026-01-01T00:00:00Z'), max: at('2028-01-01T00:00:00Z') }),
      fc.integer({ min: 0, max: 20 * DAY }),
      (cron, timezone, start, length) => {
        const [from, to] = [instant(start), instant(start + length)];
        const wanted = fireTimesOf({ cron, timezone }).between(addMs(from, -1), addMs(to, -1), 100_000);
        const { found, more } = localDueTimes({ cron, timezone }, from, to, 100_000);
        expect(found.map(({ at: due }) => isoSeconds(due))).toEqual(wanted.map((due) => isoSeconds(due)));
        expect(more).toBe(0);
      },
    ),
    { numRuns: 300 },
  );
});

test('the local time is the one of the zone', () => {
  const { found } = localDueTimes({ cron: ['0 2 * * *'], timezone: 'America/Sao_Paulo' }, at('2026-11-24T00:00:00Z'), at('2026-11-25T00:00:00Z'), 10);
  expect(found.map(({ at: due, offset }) => localIso(due, offset))).toEqual(['2026-11-24T02:00:00-03:00']);
  expect(localIso(at('2026-11-24T20:00:00Z'), 5.75 * HOUR)).toBe('2026-11-25T01:45:00+05:45');
  expect(localIso(at('2026-11-24T00:00:00Z'), -30 * MINUTE)).toBe('2026-11-23T23:30:00-00:30');
});

test('from is in, to is out', () => {
  const [from, to] = [at('2026-11-24T02:00:00Z'), at('2026-11-25T02:00:00Z')];
  const { found } = localDueTimes({ cron: ['0 2 * * *'], timezone: 'UTC' }, from, to, 10);
  expect(found.map(({ at: due }) => due)).toEqual([from]);
});

test('beyond the most that is asked for they are counted', () => {
  const schedule = { cron: ['* * * * *'], timezone: 'Europe/Berlin' };
  const { found, more } = localDueTimes(schedule, at('2026-03-01T00:00:30Z'), at('2026-04-01T00:00:30Z'), 100);
  expect(found).toHaveLength(100);
  expect(more).toBe(31 * 24 * 60 - 100);
});

test('more than a year ahead', () => {
  const { found } = localDueTimes({ cron: ['0 0 29 2 *'], timezone: 'UTC' }, at('2026-01-01T00:00:00Z'), at('2033-01-01T00:00:00Z'), 10);
  expect(found.map(({ at: due }) => isoSeconds(due))).toEqual(['2028-02-29T00:00:00Z', '2032-02-29T00:00:00Z']);
});

describe('what a clock change does is said', () => {
  const notes = (cron: string, timezone: string, day: string): Record<string, string | null> => {
    const { found } = localDueTimes({ cron: [cron], timezone }, at(`${day}T00:00:00Z`), addMs(at(`${day}T00:00:00Z`), DAY), 1_000);
    return Object.fromEntries(found.map(({ at: due, offset, note }) => [localIso(due, offset).slice(11), note]));
  };

  test.each([
    ['a wall time that does not exist', '30 2 * * *', 'Europe/Berlin', '2027-03-28', { '03:00:00+02:00': 'the clock goes forward that day: 02:30 does not exist, runs at 03:00' }],
    ['several of them', '15,45 2 * * *', 'Europe/Berlin', '2027-03-28', { '03:00:00+02:00': 'the clock goes forward that day: 02:15, 02:45 do not exist, run once at 03:00' }],
    ['midnight itself', '0 0 * * *', 'America/Santiago', '2026-09-06', { '01:00:00-03:00': 'the clock goes forward that day: 00:00 does not exist, runs at 01:00' }],
    ['half an hour', '10 2 * * *', 'Australia/Lord_Howe', '2026-10-03', { '02:30:00+11:00': 'the clock goes forward that day: 02:10 does not exist, runs at 02:30' }],
    ['one that occurs twice', '30 2 * * *', 'Europe/Berlin', '2026-10-25', { '02:30:00+02:00': 'the clock goes back that day: 02:30 occurs twice, runs the first time only' }],
    ['one right after the change', '0 3 * * *', 'Europe/Berlin', '2027-03-28', { '03:00:00+02:00': null }],
    ['one before it', '0 1 * * *', 'Europe/Berlin', '2026-10-25', {}],
  ])('%s', (_, cron, timezone, day, expected) => {
    expect(notes(cron, timezone, day)).toMatchObject(expected);
  });

  test('steps run both times, and are left out where the time does not exist', () => {
    const back = notes('*/30 * * * *', 'Europe/Berlin', '2026-10-25');
    expect(back['02:30:00+02:00']).toBe('the clock goes back that day: 02:30 occurs twice, and runs both times');
    expect(back['02:30:00+01:00']).toBe('the clock goes back that day: 02:30 occurs twice, this is the second time');
    expect(back['03:00:00+01:00']).toBeNull();
    expect(Object.values(notes('*/30 * * * *', 'Europe/Berlin', '2027-03-28')).every((note) => note === null)).toBe(true);
  });
});
