import type { DurationMs, Instant } from '../time.ts';
import { dayPlan, dueTimesOfDay, localDay, PLANNED_DAYS } from './day-plan.ts';
import type { CronTimes } from './fire-times.ts';

/**
 * How many due times fall into the busiest stretch of length `within` (its older end left out) of the coming year, from
 * the local day that holds `from`. None where `within` is nothing. Stops at `enough`: that answer means so many or
 * more. The work is bounded by a year of days and `enough` due times in a stretch. With 2 for `enough`, an answer below
 * it says that whatever takes `within` is over before the next due time.
 */
export function mostDueWithin(times: CronTimes, within: DurationMs, from: Instant, enough: number): number {
  const firstDay = localDay(times.timezone, from);
  const plan = dayPlan(times, firstDay);
  const stretch: number[] = [];
  let most = 0;
  for (let day = firstDay; day < firstDay + PLANNED_DAYS; day += 1) {
    for (const due of dueTimesOfDay(plan, day)) {
      stretch.push(due);
      while (stretch[0] !== undefined && stretch[0] <= due - within) stretch.shift();
      most = Math.max(most, stretch.length);
      if (most >= enough) return enough;
    }
  }
  return most;
}
