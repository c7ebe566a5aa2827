import type { Policy } from '#domain/policy';
import { cronWarning } from '#domain/schedule/check-cron';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { localDueTimes } from '#domain/schedule/local-due-times';
import { localIso } from '#domain/schedule/local-iso';
import { addMs, isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { PlannedDueTime } from './views/plan-view.ts';

/** Due times listed in all; where there are more, each policy gets its equal share of them, but at least `LEAST_LISTED`. */
const MOST_LISTED = 50_000;
const LEAST_LISTED = 1_000;

/** For a schedule that may not mean what it says. */
const NEXT_SHOWN = 5;

const FAR_FUTURE = Date.UTC(2999, 0, 1) as Instant;

export interface PolicyDueTimes {
  readonly dueTimes: readonly PlannedDueTime[];
  /** The first at or after `from`, also beyond `to`. */
  readonly next: Instant | null;
  readonly warnings: readonly string[];
}

/** How many due times of each policy are listed, with so many policies. */
export function listedPerPolicy(policies: number): number {
  return Math.max(LEAST_LISTED, Math.floor(MOST_LISTED / Math.max(1, policies)));
}

/** The due times of a policy in [`from`, `to`), at most `max`. A paused policy has none. */
export function planDueTimes({ name, schedule }: Policy, isPaused: boolean, from: Instant, to: Instant, max: number): PolicyDueTimes {
  const warnings = daysWarnings(name, schedule, from);
  if (isPaused) {
    const paused = `policy ${name} is paused: nothing fires before it is resumed`;
    return { dueTimes: [], next: nextFrom(schedule, from), warnings: [paused, ...warnings] };
  }
  const { found, more } = localDueTimes(schedule, from, to, max);
  const dueTimes = found.map(({ at, offset, note }): PlannedDueTime => ({ policy: name, due: isoSeconds(at), local: localIso(at, offset), note }));
  const next = found[0]?.at ?? nextFrom(schedule, from);
  if (next === null) warnings.push(`policy ${name} has no due time any more`);
  if (more > 0) warnings.push(`policy ${name}: only the first ${max} due times are listed, ${more} more follow; ask for a shorter horizon`);
  return { dueTimes, next, warnings };
}

function nextFrom(schedule: Policy['schedule'], from: Instant): Instant | null {
  return fireTimesOf(schedule).next(addMs(from, -1));
}

/** Both day fields in one expression mean "or": shown by what comes of it. */
function daysWarnings(name: string, schedule: Policy['schedule'], from: Instant): string[] {
  return schedule.cron.filter((expression) => cronWarning(expression) !== null).map((expression) => {
    const next = fireTimesOf({ cron: [expression], timezone: schedule.timezone }).between(addMs(from, -1), FAR_FUTURE, NEXT_SHOWN);
    return `policy ${name}: "${expression}" runs on days that match either of its day fields; the next ${next.length}: ${next.map(isoSeconds).join(', ')}`;
  });
}
