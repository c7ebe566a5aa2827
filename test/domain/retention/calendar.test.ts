import { describe, expect, it, test } from 'vitest';
import { DAY, addMs, isoSeconds } from '#domain/time';
import { at, decide, idsOf, owned, rules } from './volume.ts';

/** The names of the buckets of one due time: hour, day, week, month, year. */
function bucketsOf(due: string, timezone: string): string[] {
  const [decision] = decide([owned(due)], { rules: rules({ hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1 }), timezone });
  return (decision?.reasons ?? []).slice(0, 5).map((reason) => reason.replace(/^\w+ /, ''));
}

// Worked out by hand from the zones' rules: the last second before a change, the first after it, and the hours beside them.
describe('hours around clock changes', () => {
  it.each([
    ['Europe/Berlin', 'forward', '2026-03-29T00:59:59Z 2026-03-29T01:00:00Z', '2026-03-29T01 2026-03-29T03'],
    ['Europe/Berlin', 'back', '2026-10-24T23:59:59Z 2026-10-25T00:00:00Z 2026-10-25T00:59:59Z 2026-10-25T01:00:00Z 2026-10-25T01:59:59Z 2026-10-25T02:00:00Z', '2026-10-25T01 2026-10-25T02+02:00 2026-10-25T02+02:00 2026-10-25T02+01:00 2026-10-25T02+01:00 2026-10-25T03'],
    ['America/New_York', 'forward', '2026-03-08T06:59:59Z 2026-03-08T07:00:00Z', '2026-03-08T01 2026-03-08T03'],
    ['America/New_York', 'back', '2026-11-01T04:59:59Z 2026-11-01T05:59:59Z 2026-11-01T06:00:00Z 2026-11-01T07:00:00Z', '2026-11-01T00 2026-11-01T01-04:00 2026-11-01T01-05:00 2026-11-01T02'],
    ['Australia/Lord_Howe', 'forward by half an hour', '2026-10-03T15:29:59Z 2026-10-03T15:30:00Z 2026-10-03T15:59:59Z 2026-10-03T16:00:00Z', '2026-10-04T01 2026-10-04T02 2026-10-04T02 2026-10-04T03'],
    ['Australia/Lord_Howe', 'back by half an hour', '2026-04-04T13:59:59Z 2026-04-04T14:59:59Z 2026-04-04T15:00:00Z 2026-04-04T15:29:59Z 2026-04-04T15:30:00Z', '2026-04-05T00 2026-04-05T01+11:00 2026-04-05T01+10:30 2026-04-05T01+10:30 2026-04-05T02'],
    ['America/Sao_Paulo', 'forward at midnight', '2018-11-04T02:59:59Z 2018-11-04T03:00:00Z', '2018-11-03T23 2018-11-04T01'],
    ['America/Sao_Paulo', 'back at midnight', '2018-02-18T01:59:59Z 2018-02-18T02:00:00Z 2018-02-18T02:59:59Z 2018-02-18T03:00:00Z', '2018-02-17T23-02:00 2018-02-17T23-03:00 2018-02-17T23-03:00 2018-02-18T00'],
    ['America/St_Johns', 'back at a minute past midnight', '2010-11-07T02:29:59Z 2010-11-07T02:30:59Z 2010-11-07T02:31:00Z 2010-11-07T03:30:00Z 2010-11-07T04:30:00Z', '2010-11-06T23-02:30 2010-11-07T00-02:30 2010-11-06T23-03:30 2010-11-07T00-03:30 2010-11-07T01'],
    ['Antarctica/Troll', 'back by two hours', '2026-10-25T00:59:59Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z 2026-10-25T03:00:00Z', '2026-10-25T02+02:00 2026-10-25T01+00:00 2026-10-25T02+00:00 2026-10-25T03'],
    ['Pacific/Apia', 'over the date line', '2011-12-30T09:59:59Z 2011-12-30T10:00:00Z', '2011-12-29T23 2011-12-31T00'],
  ])('%s, %s', (timezone, _what, dues, hours) => {
    expect(dues.split(' ').map((due) => bucketsOf(due, timezone)[0])).toEqual(hours.split(' '));
  });

  it('each real hour is one of its own', () => {
    const dues = ['2026-10-25T00:30:00Z', '2026-10-25T01:30:00Z', '2026-10-25T02:30:00Z'];

    expect(idsOf(decide(dues.map((due) => owned(due)), { rules: rules({ hourly: 3 }), timezone: 'Europe/Berlin' }), 'keep')).toEqual(dues);
  });
});

describe('days', () => {
  it.each([
    ['of 23 hours', 'Europe/Berlin', '2026-03-28T22:59:59Z 2026-03-28T23:00:00Z 2026-03-29T21:59:59Z 2026-03-29T22:00:00Z', '2026-03-28 2026-03-29 2026-03-29 2026-03-30'],
    ['of 25 hours', 'Europe/Berlin', '2026-10-24T21:59:59Z 2026-10-24T22:00:00Z 2026-10-25T22:59:59Z 2026-10-25T23:00:00Z', '2026-10-24 2026-10-25 2026-10-25 2026-10-26'],
    ['of 25 hours that ends twice', 'America/Sao_Paulo', '2018-02-17T02:00:00Z 2018-02-18T01:59:59Z 2018-02-18T02:59:59Z 2018-02-18T03:00:00Z', '2018-02-17 2018-02-17 2018-02-17 2018-02-18'],
    ['left out', 'Pacific/Apia', '2011-12-29T10:00:00Z 2011-12-30T09:59:59Z 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z', '2011-12-29 2011-12-29 2011-12-31 2012-01-01'],
    ['leap day', 'UTC', '2024-02-28T23:59:59Z 2024-02-29T00:00:00Z 2024-02-29T23:59:59Z 2024-03-01T00:00:00Z', '2024-02-28 2024-02-29 2024-02-29 2024-03-01'],
    ['no leap day', 'UTC', '2100-02-28T23:59:59Z 2100-03-01T00:00:00Z', '2100-02-28 2100-03-01'],
    ['far east', 'Pacific/Kiritimati', '2026-11-24T09:59:59Z 2026-11-24T10:00:00Z', '2026-11-24 2026-11-25'],
  ])('%s, %s', (_what, timezone, dues, days) => {
    expect(dues.split(' ').map((due) => bucketsOf(due, timezone)[1])).toEqual(days.split(' '));
  });

  it('one that the clock enters twice keeps its newest only', () => {
    // 00:00:30 of the 7th, then 23:30 of the 6th once more, then noon of the 7th.
    const dues = ['2010-11-07T02:30:30Z', '2010-11-07T03:00:00Z', '2010-11-07T15:30:00Z'];

    expect(idsOf(decide(dues.map((due) => owned(due)), { rules: rules({ daily: 3 }), timezone: 'America/St_Johns' }), 'keep')).toEqual(dues.slice(1));
  });
});

describe('weeks, months and years', () => {
  it.each([
    ['UTC', '2021-01-03T23:59:59Z', '2020-W53 2021-01 2021'],
    ['UTC', '2021-01-04T00:00:00Z', '2021-W01 2021-01 2021'],
    ['UTC', '2026-12-28T00:00:00Z', '2026-W53 2026-12 2026'],
    ['UTC', '2027-01-03T23:59:59Z', '2026-W53 2027-01 2027'],
    ['UTC', '2027-01-04T00:00:00Z', '2027-W01 2027-01 2027'],
    ['UTC', '2024-12-29T23:59:59Z', '2024-W52 2024-12 2024'],
    ['UTC', '2024-12-30T00:00:00Z', '2025-W01 2024-12 2024'],
    ['UTC', '2023-01-01T12:00:00Z', '2022-W52 2023-01 2023'],
    ['UTC', '2024-02-29T12:00:00Z', '2024-W09 2024-02 2024'],
    ['America/New_York', '2027-01-01T04:59:59Z', '2026-W53 2026-12 2026'],
    ['America/New_York', '2027-01-01T05:00:00Z', '2026-W53 2027-01 2027'],
    ['America/New_York', '2027-01-04T04:59:59Z', '2026-W53 2027-01 2027'],
    ['Pacific/Kiritimati', '2026-12-31T10:00:00Z', '2026-W53 2027-01 2027'],
    ['UTC', '1969-12-28T12:00:00Z', '1969-W52 1969-12 1969'],
    // Where no snapshot is from, the offset of 1970 counts.
    ['Asia/Kolkata', '0800-06-30T18:30:00Z', '0800-W26 0800-07 0800'],
    ['Asia/Kolkata', '0800-06-30T18:29:59Z', '0800-W26 0800-06 0800'],
  ])('%s, %s', (timezone, due, expected) => {
    expect(bucketsOf(due, timezone).slice(2).join(' ')).toBe(expected);
  });

  it('the week of a new year is one bucket, its months and years are two', () => {
    const dues = ['2026-12-28T02:00:00Z', '2026-12-31T02:00:00Z', '2027-01-01T02:00:00Z', '2027-01-03T02:00:00Z'].map((due) => owned(due));

    expect(idsOf(decide(dues, { rules: rules({ weekly: 5 }) }), 'keep')).toEqual(['2027-01-03T02:00:00Z']);
    expect(idsOf(decide(dues, { rules: rules({ yearly: 5 }) }), 'keep')).toEqual(['2026-12-31T02:00:00Z', '2027-01-03T02:00:00Z']);
  });
});

test('more days than a zone remembers are told as well', () => {
  const dues = Array.from({ length: 12_000 }, (_, day) => addMs(at('2000-01-01T11:00:00Z'), day * DAY));

  const decisions = decide(dues.map((due) => owned(due)), { rules: rules({ daily: 12_000 }), timezone: 'Europe/Berlin' });
  expect(decisions.map(({ reasons }) => reasons[0])).toEqual(dues.map((due) => `daily ${isoSeconds(due).slice(0, 10)}`));
});
