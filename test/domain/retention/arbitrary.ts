import fc from 'fast-check';
import type { RetentionRules } from '#domain/policy';
import type { Snapshot } from '#domain/snapshot';
import { addMs, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { at, owned, rules } from './volume.ts';

export const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'America/St_Johns',
  'America/Havana',
  'Africa/Cairo',
  'Australia/Lord_Howe',
  'Antarctica/Troll',
  'Asia/Kathmandu',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];

/** Moments around which calendars are awkward: clock changes, new years, leap days, the left-out day of Samoa. */
const awkward = [
  '2026-03-29T01:00:00Z',
  '2026-10-25T01:00:00Z',
  '2026-03-08T07:00:00Z',
  '2026-11-01T06:00:00Z',
  '2026-04-04T15:00:00Z',
  '2026-10-03T15:30:00Z',
  '2018-02-18T02:00:00Z',
  '2018-11-04T03:00:00Z',
  '2010-11-07T02:31:00Z',
  '2011-03-13T03:31:00Z',
  '2011-12-30T10:00:00Z',
  '2024-02-29T12:00:00Z',
  '2021-01-03T23:00:00Z',
  '2027-01-01T00:00:00Z',
].map((iso) => at(iso));

const steps = [60_000, 900_000, 1_800_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000, 30 * 86_400_000];

/** Whole seconds, as marks have it. */
const second = (ms: number): Instant => instant(Math.floor(ms / 1000) * 1000);

/** Due times scattered around one awkward moment, at one scale, or anywhere in 30 years. */
export const someDues: fc.Arbitrary<readonly Instant[]> = fc.oneof(
  fc
    .record({ around: fc.constantFrom(...awkward), step: fc.constantFrom(...steps), places: fc.uniqueArray(fc.integer({ min: -40, max: 40 }), { maxLength: 40 }), odd: fc.integer({ min: 0, max: 59 }) })
    .map(({ around, step, places, odd }) => places.map((place) => second(around + place * step + odd * 1000))),
  fc.uniqueArray(fc.integer({ min: at('2000-01-01T00:00:00Z') / 1000, max: at('2030-01-01T00:00:00Z') / 1000 }), { maxLength: 25 }).map((seconds) => seconds.map((each) => instant(each * 1000))),
);

const count = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 12 }));

export const someRules: fc.Arbitrary<RetentionRules> = fc.record({
  last: count,
  hourly: count,
  daily: count,
  weekly: count,
  monthly: count,
  yearly: count,
  within: fc.oneof(fc.constant(0), fc.constantFrom(...steps), fc.integer({ min: 1, max: 400 * 86_400_000 })).map(durationMs),
}).map(rules);

const odd = fc.record({
  status: fc.oneof({ weight: 6, arbitrary: fc.constant('available') }, { weight: 3, arbitrary: fc.constantFrom('error', 'creating', 'deleting', 'error_deleting', 'unheard-of') }),
  instance: fc.oneof({ weight: 9, arbitrary: fc.constant('prod') }, fc.constant('other')),
  policy: fc.oneof({ weight: 9, arbitrary: fc.constant('nightly') }, fc.constant('other')),
  hold: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.constant(true)),
  name: fc.oneof({ weight: 9, arbitrary: fc.constantFrom('nightly-vol-a', null) }, fc.constant('autobk_snapshot_1')),
  late: fc.option(fc.integer({ min: 0, max: 3 })),
  twins: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 2 })),
});

/** A volume with all sorts of snapshots, some of them second and third ones of a run; ids are distinct, the order is none. */
export const someSnapshots: fc.Arbitrary<readonly Snapshot[]> = someDues.chain((dues) =>
  fc
    .array(odd, { minLength: dues.length, maxLength: dues.length })
    .map((oddities) =>
      dues.flatMap((due, place) => {
        const { late = null, twins = 0, ...rest } = oddities[place] ?? {};
        return Array.from({ length: 1 + twins }, (_, twin) => {
          const createdAt = late === null ? null : addMs(due, ((late + twin) % 3) * 1000);
          return owned(due, { ...rest, id: `${(place * 7) % 31}-${place}-${twin}`, createdAt });
        });
      }),
    )
    .chain((snapshots) => fc.shuffledSubarray(snapshots, { minLength: snapshots.length })),
);

export const someZone = fc.constantFrom(...zones);

/** Mostly after everything, at times in the midst of it. */
export const someNow: fc.Arbitrary<Instant> = fc.oneof({ weight: 3, arbitrary: fc.constant(at('2040-01-01T00:00:00Z')) }, fc.constantFrom(...awkward));
