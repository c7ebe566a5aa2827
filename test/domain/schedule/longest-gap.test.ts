import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dayPlan, dueTimesOfDay, localDay } from '#domain/schedule/day-plan';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { longestGap } from '#domain/schedule/longest-gap';
import { mostDueWithin } from '#domain/schedule/most-due-within';
import { DAY, durationMs, formatDuration, HOUR, instant, MINUTE } from '#domain/time';
import type { Instant } from '#domain/time';

const now = instant(Date.UTC(2026, 10, 24, 9, 30));
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/Santiago',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'America/Havana',
  'Asia/Kolkata',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];

describe('longestGap', () => {
  it.each<[cron: string, zone: string, expected: string]>([
    ['0 2 * * *', 'UTC', '1d'],
    ['0 2 * * *', 'Europe/Berlin', '25h'],
    ['0 * * * *', 'Europe/Berlin', '1h'],
    ['*/5 * * * *', 'Europe/Berlin', '5m'],
    ['*/10 * * * * *', 'UTC', '10s'],
    ['0 1,2,3 * * *', 'Europe/Berlin', '22h'],
    ['0 9-17 * * MON-FRI', 'UTC', '64h'],
    ['0 0 * * 0', 'UTC', '1w'],
    ['0 0 1 * *', 'UTC', '31d'],
    ['0 0 1 1 *', 'UTC', '365d'],
    ['0 0 29 2 *', 'UTC', '1461d'],
  ])('%s in %s is %s', (cron, timezone, expected) => {
    expect(formatDuration(longestGap({ cron: [cron], timezone }, now) ?? durationMs(0))).toBe(expected);
  });

  it('merges expressions before it looks for gaps', () => {
    expect(longestGap({ cron: ['0 2 * * *', '0 14 * * *'], timezone: 'UTC' }, now)).toBe(12 * HOUR);
    expect(longestGap({ cron: ['0 2 * * MON', '0 14 * * *'], timezone: 'UTC' }, now)).toBe(DAY);
  });

  it.each(['0 2 * * *', '0 2 * * SUN', '*/30 * * * *'])('%s counts from the very day of a clock change', (cron) => {
    const onTheDay = instant(Date.UTC(2026, 9, 25, 12));

    expect(longestGap({ cron: [cron], timezone: 'Europe/Berlin' }, onTheDay)).toBe(enumeratedGap([cron], 'Europe/Berlin', onTheDay));
  });

  it('is null where nothing ever comes, or nothing any more', () => {
    expect(longestGap({ cron: ['0 3 30 2 *'], timezone: 'UTC' }, now)).toBeNull();
    // croner looks no further than the year 3000.
    expect(longestGap({ cron: ['0 3 29 2 *'], timezone: 'UTC' }, instant(Date.UTC(2996, 1, 1)))).toBeNull();
    expect(longestGap({ cron: ['0 3 29 2 *'], timezone: 'UTC' }, instant(Date.UTC(2997, 1, 1)))).toBeNull();
  });

  it.each(zones)('agrees with full enumeration by croner in %s', (timezone) => {
    const crons = [['30 2 * * *'], ['0 0 * * *'], ['15 23,0,1 * * 1-5'], ['0 */3 * * *', '30 1 * * SUN'], ['45 1-3 1,15 * *']];

    expect(crons.map((cron) => longestGap({ cron, timezone }, now))).toEqual(crons.map((cron) => enumeratedGap(cron, timezone, now)));
  });

  it('agrees with full enumeration for any schedule', () => {
    const field = (most: number) => fc.oneof(fc.integer({ min: 0, max: most }).map(String), fc.tuple(fc.nat(most), fc.nat(most)).map((pair) => pair.join(',')));
    const hours = fc.oneof(field(23), fc.constant('*/6'), fc.constant('0-3'));
    const days = fc.constantFrom('* * *', '* * 1-5', '1,L * *', '* * SUN#L', '*/2 * *', '13 * 5', '15W * *', '* 3,10 *', '1-7 * +MON');
    const expression = fc.tuple(field(59), hours, days).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(
        fc.array(expression, { minLength: 1, maxLength: 2 }),
        fc.constantFrom(...zones),
        fc.integer({ min: Date.UTC(2025, 0, 1), max: Date.UTC(2029, 0, 1) }),
        (cron, timezone, from) => {
          expect(longestGap({ cron, timezone }, instant(from))).toBe(enumeratedGap(cron, timezone, instant(from)));
        },
      ),
      { numRuns: 12 },
    );
  }, 60_000);

  it('costs little for a dense schedule', () => {
    longestGap({ cron: ['*/5 * * * *'], timezone: 'Europe/Berlin' }, now);
    const start = performance.now();
    for (let minute = 0; minute < 10; minute += 1) {
      longestGap({ cron: [`${minute}-59/5 * * * *`], timezone: 'Europe/Berlin' }, now);
    }

    // 10 schedules; enumerating them would take half a minute.
    expect(performance.now() - start).toBeLessThan(500);
  });
});

describe('dueTimesOfDay', () => {
  it.each(zones)('yields what croner does on the days around every change in %s', (timezone) => {
    const cron = ['0,30 0-4,22-23 * * *', '*/15 * * * *'];
    for (const each of cron) {
      const times = { cron: [each], timezone };
      const firstDay = localDay(timezone, instant(Date.UTC(2026, 0, 1)));
      const plan = dayPlan(times, firstDay);
      for (let day = firstDay + 1; day < firstDay + 360; day += 1) {
        const near = plan.stretches.some((stretch) => Math.abs(stretch.start - day * DAY) < 2 * DAY);
        if (!near) continue;
        const planned = dueTimesOfDay(plan, day);
        const first = planned[0] ?? 0;
        const last = planned.at(-1) ?? 0;
        expect(fireTimesOf(times).between(instant(first - 1), instant(last), 1_000)).toEqual(planned);
      }
    }
  }, 60_000);

  it('leaves out what the zone left out', () => {
    const times = { cron: ['0 2 * * *'], timezone: 'Pacific/Apia' };
    const day = Date.UTC(2011, 11, 30) / DAY;

    expect(dueTimesOfDay(dayPlan(times, day - 3), day)).toEqual([]);
    // A plan that ends before the change knows nothing of what comes after it.
    expect(dueTimesOfDay(dayPlan(times, day - 372), day)).toEqual([]);
  });
});

describe('mostDueWithin', () => {
  it.each<[cron: string, within: number, expected: number]>([
    ['0 2 * * *', 3 * DAY, 3],
    ['0 2 * * *', 3 * DAY + MINUTE, 4],
    ['0 2 * * *', HOUR, 1],
    ['0 2 * * *', 0, 0],
    ['0 9-17 * * 1-5', 4 * HOUR, 4],
    ['* * * * *', HOUR, 50],
  ])('%s has at most so many', (cron, within, expected) => {
    expect(mostDueWithin({ cron: [cron], timezone: 'UTC' }, durationMs(within), now, 50)).toBe(expected);
  });
});

function enumeratedGap(cron: readonly string[], timezone: string, from: Instant): number | null {
  const day = localDay(timezone, from);
  const times = fireTimesOf({ cron, timezone });
  // The first instant of the local day, found without the code under test.
  let start = instant((day - 1) * DAY);
  while (localDay(timezone, start) < day) start = instant(start + 15 * MINUTE);
  let last: number | null = null;
  let widest = 0;
  let reference = instant(start - 1);
  for (;;) {
    const due = times.next(reference);
    if (due === null) return widest === 0 ? null : widest;
    if (last !== null) widest = Math.max(widest, due - last);
    if (localDay(timezone, due) >= day + 367 && last !== null) return widest;
    last = due;
    reference = due;
  }
}
