import { DAY, instant } from '../time.ts';
import type { Instant } from '../time.ts';
import { cronFactsOf, matchingDays } from './fire-times.ts';
import type { CronFacts, CronTimes } from './fire-times.ts';
import { remembered } from './remember.ts';
import { offsetStretches, zoneOffsetAt } from './zone-offsets.ts';
import type { OffsetStretch } from './zone-offsets.ts';

/** A day this near to a clock change is worked out time by time. */
const changeMargin = DAY;
const dayMs = DAY as number;

/** A leap year and a day, so that a yearly due time is always seen. */
export const PLANNED_DAYS = 367;

/** One expression with the days it matches; null is every day. */
export interface DailyTimes extends CronFacts {
  readonly days: ReadonlySet<number> | null;
}

/** The expressions of a schedule and the offsets of its zone over `PLANNED_DAYS` days from `firstDay`. */
export interface DayPlan {
  /** Local calendar day, counted from 1970-01-01. */
  readonly firstDay: number;
  readonly expressions: readonly DailyTimes[];
  readonly stretches: readonly OffsetStretch[];
  /** For each day from the first: the zone's offset in milliseconds, null within a day of a clock change. */
  readonly plainOffsets: readonly (number | null)[];
}

const knownZones = remembered<Pick<DayPlan, 'stretches' | 'plainOffsets'>>(1_000);
const knownDays = remembered<ReadonlySet<number>>(1_000);

/** The local calendar day that holds an instant, counted from 1970-01-01. */
export function localDay(timezone: string, at: Instant): number {
  return Math.floor((at + zoneOffsetAt(timezone, at)) / dayMs);
}

/**
 * Prepares to tell due times by arithmetic instead of by search. Cron repeats the same times of day on every day it
 * matches, and a zone keeps its offset but for a few changes a year: from both, the due times of a day follow at a cost
 * a thousand times below that of asking croner for each. The rules around changes are those of `fireTimesOf`, and
 * longest-gap.test.ts compares the two.
 */
export function dayPlan(times: CronTimes, firstDay: number): DayPlan {
  const expressions = times.cron.map((text): DailyTimes => {
    const facts = cronFactsOf(text);
    return { ...facts, days: facts.isEveryDay ? null : daysOf(facts.dayFields, firstDay) };
  });
  return { firstDay, expressions, ...zoneOf(times.timezone, firstDay) };
}

/** The expressions that match a local day. */
export function activeOn(plan: DayPlan, day: number): readonly DailyTimes[] {
  return plan.expressions.filter((each) => each.days === null || each.days.has(day));
}

/** The one offset of a local day far from any clock change, in milliseconds; null near one, and outside the plan. */
export function plainOffset(plan: DayPlan, day: number): number | null {
  return plan.plainOffsets[day - plan.firstDay] ?? null;
}

function plainOffsetsOf(stretches: readonly OffsetStretch[], firstDay: number): readonly (number | null)[] {
  return Array.from({ length: PLANNED_DAYS }, (_, place) => {
    const midnight = (firstDay + place) * dayMs;
    const holds = ({ start, end, offset }: OffsetStretch): boolean =>
      start <= midnight - offset - changeMargin && end >= midnight - offset + dayMs + changeMargin;
    return stretches.find(holds)?.offset ?? null;
  });
}

/** Seconds since local midnight of several expressions together, ascending, each once. */
export function secondsOfDay(active: readonly DailyTimes[]): readonly number[] {
  const [only, ...others] = active;
  if (only !== undefined && others.length === 0) return only.secondsOfDay;
  return [...new Set(active.flatMap((each) => each.secondsOfDay))].toSorted((a, b) => a - b);
}

/** Each due time of one local day in epoch milliseconds, ascending. */
export function dueTimesOfDay(plan: DayPlan, day: number): readonly number[] {
  const midnight = day * dayMs;
  const active = activeOn(plan, day);
  const offset = plainOffset(plan, day);
  if (offset !== null) return secondsOfDay(active).map((second) => midnight - offset + second * 1000);

  const found: number[] = [];
  const near = plan.stretches.filter((each) => each.end > midnight - changeMargin && each.start < midnight + dayMs + changeMargin);
  for (const { secondsOfDay: seconds, isFixedTime } of active) {
    for (const second of seconds) {
      const local = midnight + second * 1000;
      const before = found.length;
      for (const { start, end, offset: there } of near) {
        const at = local - there;
        if (at >= start && at < end && !(isFixedTime && found.length > before)) found.push(at);
      }
      if (isFixedTime && found.length === before) found.push(gapEnd(near, local, day));
    }
  }
  const ordered = found.filter((at) => Number.isFinite(at)).toSorted((a, b) => a - b);
  return ordered.filter((at, place) => at !== ordered[place - 1]);
}

/** The instant at which the clock jumped over a local time; not finite where it jumped over the rest of that day, too. */
function gapEnd(stretches: readonly OffsetStretch[], local: number, day: number): number {
  const after = stretches.find((s) => local < s.start + s.offset);
  if (after === undefined || Math.floor((after.start + after.offset) / dayMs) !== day) return Number.NaN;
  return after.start;
}

function zoneOf(timezone: string, firstDay: number): Pick<DayPlan, 'stretches' | 'plainOffsets'> {
  return knownZones(`${timezone} ${firstDay}`, () => {
    const from = instant((firstDay - 5) * dayMs);
    const until = instant((firstDay + PLANNED_DAYS + 5) * dayMs);
    const stretches = offsetStretches(timezone, from, until);
    return { stretches, plainOffsets: plainOffsetsOf(stretches, firstDay) };
  });
}

function daysOf(dayFields: string, firstDay: number): ReadonlySet<number> {
  return knownDays(`${dayFields} ${firstDay}`, () => matchingDays(dayFields, firstDay, PLANNED_DAYS));
}
