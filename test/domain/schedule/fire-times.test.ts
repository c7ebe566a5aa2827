import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cronFactsOf, fireTimesOf, matchingDays } from '#domain/schedule/fire-times';
import { instant, isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';

function at(iso: string): Instant {
  return instant(Date.parse(iso));
}

function dues(cron: string, timezone: string, after: string, until: string): string[] {
  return fireTimesOf({ cron: [cron], timezone })
    .between(at(after), at(until), 100)
    .map((due) => isoSeconds(due).replace(':00Z', 'Z'));
}

// What croner 11 does with fixedTimeRule 'no-wildcard'. Worked out by hand from the zones' rules, then pinned.
describe('due times around clock changes', () => {
  it.each<[why: string, cron: string, zone: string, after: string, until: string, expected: string]>([
    ['gap: once, at the first instant after it', '30 2 * * *', 'Europe/Berlin', '2026-03-28T00:00Z', '2026-03-31T00:00Z', '2026-03-28T01:30Z 2026-03-29T01:00Z 2026-03-30T00:30Z'],
    ['overlap: once, the first occurrence', '30 2 * * *', 'Europe/Berlin', '2026-10-24T00:00Z', '2026-10-27T00:00Z', '2026-10-24T00:30Z 2026-10-25T00:30Z 2026-10-26T01:30Z'],
    ['gap: a list names hours, too', '30 2,14 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T00:00Z', '2026-03-28T13:30Z 2026-03-29T01:00Z 2026-03-29T12:30Z'],
    ['overlap: a list names hours, too', '30 2,14 * * *', 'Europe/Berlin', '2026-10-24T20:00Z', '2026-10-26T00:00Z', '2026-10-25T00:30Z 2026-10-25T13:30Z'],
    ['gap: two wall times, one instant, one due time', '0 2-3 * * *', 'Europe/Berlin', '2026-03-28T22:00Z', '2026-03-29T22:00Z', '2026-03-29T01:00Z'],
    ['overlap: every real half hour where it steps', '*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:45Z', '2026-10-25T02:00Z', '2026-10-25T00:00Z 2026-10-25T00:30Z 2026-10-25T01:00Z 2026-10-25T01:30Z 2026-10-25T02:00Z'],
    ['gap: every real half hour where it steps', '*/30 * * * *', 'Europe/Berlin', '2026-03-29T00:15Z', '2026-03-29T02:00Z', '2026-03-29T00:30Z 2026-03-29T01:00Z 2026-03-29T01:30Z 2026-03-29T02:00Z'],
    ['overlap: every real hour', '0 * * * *', 'Europe/Berlin', '2026-10-24T23:30Z', '2026-10-25T03:00Z', '2026-10-25T00:00Z 2026-10-25T01:00Z 2026-10-25T02:00Z 2026-10-25T03:00Z'],
    ['gap', '30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', '2026-03-09T12:00Z', '2026-03-08T07:00Z 2026-03-09T06:30Z'],
    ['overlap', '30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', '2026-11-02T12:00Z', '2026-11-01T05:30Z 2026-11-02T06:30Z'],
    ['no summer time any more', '0 2 * * *', 'America/Sao_Paulo', '2026-11-23T12:00Z', '2026-11-25T12:00Z', '2026-11-24T05:00Z 2026-11-25T05:00Z'],
    ['gap at midnight', '0 0 * * *', 'America/Sao_Paulo', '2018-11-03T00:00Z', '2018-11-06T00:00Z', '2018-11-03T03:00Z 2018-11-04T03:00Z 2018-11-05T02:00Z'],
    ['gap at midnight, no day lost', '0 0 * * *', 'America/Santiago', '2026-09-04T12:00Z', '2026-09-07T12:00Z', '2026-09-05T04:00Z 2026-09-06T04:00Z 2026-09-07T03:00Z'],
    ['overlap before midnight', '30 23 * * *', 'America/Santiago', '2026-04-03T12:00Z', '2026-04-06T12:00Z', '2026-04-04T02:30Z 2026-04-05T02:30Z 2026-04-06T03:30Z'],
    ['gap at midnight, no day lost', '0 0 * * *', 'Africa/Cairo', '2026-04-22T12:00Z', '2026-04-25T12:00Z', '2026-04-22T22:00Z 2026-04-23T22:00Z 2026-04-24T21:00Z'],
    ['overlap before midnight', '30 23 * * *', 'Africa/Cairo', '2026-10-28T12:00Z', '2026-10-31T12:00Z', '2026-10-28T20:30Z 2026-10-29T20:30Z 2026-10-30T21:30Z'],
    ['gap of half an hour', '15 2 * * *', 'Australia/Lord_Howe', '2026-10-02T00:00Z', '2026-10-05T00:00Z', '2026-10-02T15:45Z 2026-10-03T15:30Z 2026-10-04T15:15Z'],
    ['overlap of half an hour', '45 1 * * *', 'Australia/Lord_Howe', '2026-04-03T00:00Z', '2026-04-06T00:00Z', '2026-04-03T14:45Z 2026-04-04T14:45Z 2026-04-05T15:15Z'],
    ['overlap of half an hour, stepping', '*/30 * * * *', 'Australia/Lord_Howe', '2026-04-04T14:00Z', '2026-04-04T16:30Z', '2026-04-04T14:30Z 2026-04-04T15:00Z 2026-04-04T15:30Z 2026-04-04T16:00Z 2026-04-04T16:30Z'],
    ['gap of two hours', '30 1,2 * * *', 'Antarctica/Troll', '2026-03-28T00:00Z', '2026-03-30T00:00Z', '2026-03-28T01:30Z 2026-03-28T02:30Z 2026-03-29T01:00Z 2026-03-29T23:30Z'],
    ['overlap of two hours', '30 1 * * *', 'Antarctica/Troll', '2026-10-24T00:00Z', '2026-10-27T00:00Z', '2026-10-24T23:30Z 2026-10-26T01:30Z'],
    ['gap at midnight', '30 0 * * *', 'America/Havana', '2026-03-07T12:00Z', '2026-03-10T12:00Z', '2026-03-08T05:00Z 2026-03-09T04:30Z 2026-03-10T04:30Z'],
    ['overlap after midnight', '30 0 * * *', 'America/Havana', '2026-10-31T00:00Z', '2026-11-03T00:00Z', '2026-10-31T04:30Z 2026-11-01T04:30Z 2026-11-02T05:30Z'],
    ['no change at all, half-hour offset', '30 2 * * *', 'Asia/Kolkata', '2026-03-28T00:00Z', '2026-03-30T00:00Z', '2026-03-28T21:00Z 2026-03-29T21:00Z'],
    ['a calendar day that the zone left out yields nothing', '0 2 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', '2012-01-01T00:00Z', '2011-12-29T12:00Z 2011-12-30T12:00Z 2011-12-31T12:00Z'],
    ['far east', '0 2 * * *', 'Pacific/Apia', '2026-11-24T00:00Z', '2026-11-26T00:00Z', '2026-11-24T13:00Z 2026-11-25T13:00Z'],
  ])('%s: %s in %s', (_why, cron, zone, after, until, expected) => {
    expect(dues(cron, zone, after, until)).toEqual(expected.split(' '));
  });
});

describe('fireTimesOf', () => {
  const every10s = fireTimesOf({ cron: ['*/10 * * * * *'], timezone: 'UTC' });

  it.each([
    ['1970-01-01T00:00:09.999Z', '1970-01-01T00:00:10Z'],
    ['1970-01-01T00:00:10.000Z', '1970-01-01T00:00:20Z'],
    ['1970-01-01T00:00:10.001Z', '1970-01-01T00:00:20Z'],
  ])('next after %s is exclusive to the millisecond', (after, expected) => {
    expect(every10s.next(at(after))).toBe(at(expected));
  });

  it.each([
    ['1970-01-01T00:00:10.001Z', '1970-01-01T00:00:10Z'],
    ['1970-01-01T00:00:10.000Z', '1970-01-01T00:00:00Z'],
    ['1970-01-01T00:00:09.999Z', '1970-01-01T00:00:00Z'],
  ])('previous before %s is exclusive to the millisecond', (before, expected) => {
    expect(every10s.previous(at(before))).toBe(at(expected));
  });

  it('takes both ends of between as documented and stops at max', () => {
    expect(every10s.between(at('1970-01-01T00:00:10Z'), at('1970-01-01T00:00:30Z'), 10)).toEqual([20_000, 30_000]);
    expect(every10s.between(at('1970-01-01T00:00:10Z'), at('1970-01-01T01:00:00Z'), 2)).toEqual([20_000, 30_000]);
    expect(every10s.between(at('1970-01-01T00:00:10Z'), at('1970-01-01T01:00:00Z'), 0)).toEqual([]);
    expect(every10s.between(at('1970-01-01T00:00:10Z'), at('1970-01-01T00:00:19Z'), 5)).toEqual([]);
  });

  it('counts an instant once that several expressions yield', () => {
    const times = fireTimesOf({ cron: ['0 */2 * * *', '0 */3 * * *', '0 6 * * *'], timezone: 'UTC' });

    const hours = times.between(at('2026-01-01T00:00Z'), at('2026-01-01T12:00Z'), 50).map((due) => isoSeconds(due).slice(11, 13));

    expect(hours).toEqual(['02', '03', '04', '06', '08', '09', '10', '12']);
    expect(times.previous(at('2026-01-01T10:00Z'))).toBe(at('2026-01-01T09:00Z'));
  });

  it('says null where nothing ever comes', () => {
    const never = fireTimesOf({ cron: ['0 3 30 2 *'], timezone: 'UTC' });

    expect(never.next(at('2026-01-01T00:00Z'))).toBeNull();
    expect(never.previous(at('2026-01-01T00:00Z'))).toBeNull();
    expect(never.between(at('2026-01-01T00:00Z'), at('2027-01-01T00:00Z'), 5)).toEqual([]);
  });

  it('ends where croner does, before the year 3000', () => {
    const times = fireTimesOf({ cron: ['0 3 * * *'], timezone: 'UTC' });

    expect(times.between(at('2999-12-30T12:00Z'), instant(8.64e15), 5)).toEqual([at('2999-12-31T03:00Z')]);
    expect(times.next(at('2999-12-31T03:00Z'))).toBeNull();
    expect(times.previous(at('3500-01-01T00:00Z'))).toBe(at('3499-12-31T03:00Z'));
  });

  it('knows leap days across 2100', () => {
    expect(fireTimesOf({ cron: ['0 0 29 2 *'], timezone: 'UTC' }).next(at('2096-03-01T00:00Z'))).toBe(at('2104-02-29T00:00Z'));
  });

  it('knows last days, nth weekdays and both-days expressions', () => {
    expect(dues('0 3 L * *', 'UTC', '2026-01-15T00:00Z', '2026-03-01T00:00Z')).toEqual(['2026-01-31T03:00Z', '2026-02-28T03:00Z']);
    expect(dues('0 3 * * MON#1', 'UTC', '2026-11-01T00:00Z', '2026-12-31T00:00Z')).toEqual(['2026-11-02T03:00Z', '2026-12-07T03:00Z']);
    expect(dues('0 3 1-7 * +MON', 'UTC', '2026-11-01T00:00Z', '2026-12-31T00:00Z')).toEqual(['2026-11-02T03:00Z', '2026-12-07T03:00Z']);
    expect(dues('0 0 13 * 5', 'UTC', '2026-11-01T00:00Z', '2026-11-19T00:00Z')).toEqual(['2026-11-06T00:00Z', '2026-11-13T00:00Z']);
  });

  it('agrees between next, previous and between, strictly ascending, in any zone', () => {
    const crons = ['30 2 * * *', '*/20 * * * *', '0 1-3 * * *', '15 0,23 * * MON', '0 0 1 * *', '*/30 0-4 * * *'];
    const zones = ['UTC', 'Europe/Berlin', 'America/Santiago', 'Africa/Cairo', 'Australia/Lord_Howe', 'Antarctica/Troll'];
    fc.assert(
      fc.property(
        fc.subarray(crons, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2026, 0, 1), max: Date.UTC(2028, 0, 1) }),
        (cron, timezone, start) => {
          const times = fireTimesOf({ cron, timezone });
          const found = times.between(instant(start), instant(start + 40 * 86_400_000), 12);
          const before = [instant(start), ...found.slice(0, -1)];
          expect(found).toEqual([...new Set(found)].toSorted((a, b) => a - b));
          expect(before.map((reference) => times.next(reference))).toEqual(found);
          expect(found.slice(1).map((due) => times.previous(due))).toEqual(found.slice(0, -1));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('cronFactsOf', () => {
  it.each<[string, boolean, boolean, boolean]>([
    ['0 2 * * *', true, true, false],
    ['0 2,14 * * *', true, true, false],
    ['0 2-4 * * *', true, true, false],
    ['*/30 * * * *', false, true, false],
    ['0 2-8/2 * * *', false, true, false],
    ['0 3 1-7 * MON', true, false, true],
    ['0 3 1-7 * +MON', true, false, false],
    ['0 3 * 1 *', true, false, false],
    ['0 3 * * MON', true, false, false],
  ])('%s: fixed %s, every day %s, or %s', (cron, isFixedTime, isEveryDay, joinsDaysByOr) => {
    expect(cronFactsOf(cron)).toMatchObject({ isFixedTime, isEveryDay, joinsDaysByOr });
  });

  it('lists times of day with and without a seconds field', () => {
    expect(cronFactsOf('30 2,14 * * *').secondsOfDay).toEqual([9_000, 52_200]);
    expect(cronFactsOf('5,10 0 0 * * *').secondsOfDay).toEqual([5, 10]);
  });

  it('throws for what cannot be read', () => {
    expect(() => cronFactsOf('61 * * * *')).toThrow(/Invalid value for minute/);
  });
});

describe('matchingDays', () => {
  it('counts days from 1970-01-01, the first included and the last not', () => {
    // 1970-01-01 was a Thursday.
    expect([...matchingDays('* * THU', 0, 14)]).toEqual([0, 7]);
    expect([...matchingDays('* * THU', 0, 15)]).toEqual([0, 7, 14]);
  });
});
