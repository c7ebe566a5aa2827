import { Cron, CronPattern } from 'croner';
import { instant } from '../time.ts';
import type { Instant } from '../time.ts';
import { remembered } from './remember.ts';

/** What decides the due times of a schedule. */
export interface CronTimes {
  /** Cron expressions of 5 or 6 fields (seconds first), at least one. */
  readonly cron: readonly string[];
  /** IANA zone name. */
  readonly timezone: string;
}

/** The due times of one schedule. All are whole seconds; one that several expressions yield counts once. */
export interface FireTimes {
  /** The first due time strictly after `after`; null where there is none before the year 3000, where croner stops. */
  next(after: Instant): Instant | null;
  /** The newest due time strictly before `before`; null where there is none. */
  previous(before: Instant): Instant | null;
  /** Due times in (`after`, `untilInclusive`], ascending, at most the first `max` of them. */
  between(after: Instant, untilInclusive: Instant, max: number): readonly Instant[];
}

/** What one expression says, apart from its zone. */
export interface CronFacts {
  /** Seconds since local midnight, ascending, the same on every day that matches. */
  readonly secondsOfDay: readonly number[];
  /** Seconds, minutes and hours have no wildcard and no step: such times run once around a clock change. */
  readonly isFixedTime: boolean;
  /** Every calendar day matches. */
  readonly isEveryDay: boolean;
  /** Day of month and day of week are both restricted, and a day that matches either one counts. */
  readonly joinsDaysByOr: boolean;
  /** The last three fields: day of month, month, day of week. */
  readonly dayFields: string;
}

const mode = '5-or-6-parts';
const fixedTimeRule = 'no-wildcard';

/** Calendar days are compiled apart from any zone; croner is quickest with a fixed offset. */
const calendarCrons = remembered<Cron>(1_000);
const zonedCrons = remembered<Cron>(5_000);
const cronFacts = remembered<CronFacts>(5_000);

/**
 * The due times of a schedule that `cronProblem` and `timezoneProblem` find no fault with; throws croner's error for
 * one they do.
 *
 * Around clock changes (croner `fixedTimeRule: 'no-wildcard'`, pinned by fire-times.test.ts): a wall time that does not
 * exist runs once, at the first instant after the gap, where the expression names seconds, minutes and hours, and is
 * left out where it steps. A wall time that occurs twice runs at its first occurrence, or at both where it steps.
 */
export function fireTimesOf(times: CronTimes): FireTimes {
  const crons = times.cron.map((expression) => zonedCron(expression, times.timezone));

  function next(after: Instant): Instant | null {
    let first: number | null = null;
    for (const cron of crons) {
      const candidate = cron.nextRun(new Date(after))?.getTime() ?? null;
      if (candidate !== null && (first === null || candidate < first)) first = candidate;
    }
    return first === null ? null : instant(first);
  }

  function previous(before: Instant): Instant | null {
    let newest: number | null = null;
    for (const cron of crons) {
      const candidate = cron.previousRuns(1, new Date(before))[0]?.getTime() ?? null;
      if (candidate !== null && (newest === null || candidate > newest)) newest = candidate;
    }
    return newest === null ? null : instant(newest);
  }

  function between(after: Instant, untilInclusive: Instant, max: number): readonly Instant[] {
    const heads = crons.map((cron) => ({ cron, at: cron.nextRun(new Date(after))?.getTime() ?? Infinity }));
    const found: Instant[] = [];
    while (found.length < max) {
      const at = Math.min(...heads.map((head) => head.at));
      if (at > untilInclusive || at === Infinity) break;
      found.push(instant(at));
      for (const head of heads) {
        if (head.at === at) head.at = head.cron.nextRun(new Date(at))?.getTime() ?? Infinity;
      }
    }
    return found;
  }

  return { next, previous, between };
}

/** What an expression says of times and days. Throws croner's TypeError or RangeError where it cannot be read. */
export function cronFactsOf(expression: string): CronFacts {
  return cronFacts(expression, () => {
    const pattern = new CronPattern(expression, undefined, { mode, fixedTimeRule });
    const secondsOfDay: number[] = [];
    for (const hour of setPositions(pattern.hour)) {
      for (const minute of setPositions(pattern.minute)) {
        for (const second of setPositions(pattern.second)) secondsOfDay.push(hour * 3600 + minute * 60 + second);
      }
    }
    const isEveryMonth = setPositions(pattern.month).length === 12;
    return {
      secondsOfDay,
      isFixedTime: pattern.isFixedTime,
      isEveryDay: isEveryMonth && pattern.starDOM && pattern.starDOW,
      joinsDaysByOr: !pattern.starDOM && !pattern.starDOW && !pattern.useAndLogic,
      dayFields: expression.trim().split(/\s+/).slice(-3).join(' '),
    };
  });
}

/**
 * The calendar days that `dayFields` (day of month, month, day of week) match among the `count` days from `firstDay`.
 * Days are whole days since 1970-01-01 in the proleptic calendar, without any zone.
 */
export function matchingDays(dayFields: string, firstDay: number, count: number): ReadonlySet<number> {
  const cron = calendarCrons(dayFields, () => new Cron(`0 0 12 ${dayFields}`, { mode, utcOffset: 0, paused: true }));
  const days = new Set<number>();
  let at = cron.nextRun(new Date(firstDay * 86_400_000));
  while (at !== null) {
    const day = Math.floor(at.getTime() / 86_400_000);
    if (day >= firstDay + count) break;
    days.add(day);
    at = cron.nextRun(at);
  }
  return days;
}

/** croner's own words for what is wrong with an expression; null where it can be read. */
export function cronSyntaxError(expression: string): string | null {
  try {
    cronFactsOf(expression);
    return null;
  } catch (error) {
    return String(error).replace(/^\w+: (CronPattern: )?/, '');
  }
}

function zonedCron(expression: string, timezone: string): Cron {
  return zonedCrons(`${timezone} ${expression}`, () => new Cron(expression, { mode, fixedTimeRule, timezone, paused: true }));
}

function setPositions(flags: readonly number[]): number[] {
  const positions: number[] = [];
  flags.forEach((flag, position) => {
    if (flag !== 0) positions.push(position);
  });
  return positions;
}
