import { DAY, durationMs, instant } from '../time.ts';
import type { DurationMs, Instant } from '../time.ts';
import { activeOn, dayPlan, dueTimesOfDay, localDay, plainOffset, PLANNED_DAYS, secondsOfDay } from './day-plan.ts';
import type { DailyTimes, DayPlan } from './day-plan.ts';
import { fireTimesOf } from './fire-times.ts';
import type { CronTimes } from './fire-times.ts';
import { remembered } from './remember.ts';
import { scheduleKey } from './schedule-key.ts';

/** What one plain day looks like: milliseconds since local midnight. */
interface DayShape {
  readonly first: number;
  readonly last: number;
  readonly widest: number;
}

const gaps = remembered<DurationMs | null>(5_000);

/**
 * The longest time between two successive due times of the coming year: from the first of the local day that holds
 * `from`, through 367 days, to the first one after them. Where that stretch holds no due time, the time between the
 * next two. Null where there are not two at all.
 *
 * The work does not grow with the number of due times: of a day far from a clock change only its first and last time and
 * the widest gap inside are looked at. longest-gap.test.ts compares with full enumeration by croner.
 */
export function longestGap(times: CronTimes, from: Instant): DurationMs | null {
  const firstDay = localDay(times.timezone, from);
  return gaps(`${scheduleKey(times)} ${firstDay}`, () => gapFrom(times, firstDay));
}

function gapFrom(times: CronTimes, firstDay: number): DurationMs | null {
  const plan = dayPlan(times, firstDay);
  const planned = widestPlanned(plan);
  // With a due time on every day, what comes after the year is no wider than what was in it.
  if (plan.expressions.some((each) => each.isEveryDay)) return durationMs(planned.widest);
  const fireTimes = fireTimesOf(times);
  // Two days early: the year may end earlier in UTC than in the zone, and a day without due times does no harm.
  const last = planned.last ?? fireTimes.next(instant((firstDay + PLANNED_DAYS - 2) * DAY));
  if (last === null) return null;
  const after = fireTimes.next(instant(last));
  return after === null ? null : durationMs(Math.max(planned.widest, after - last));
}

/** The widest gap between due times of the planned days, and the last of them; null where there is none. */
function widestPlanned(plan: DayPlan): { widest: number; last: number | null } {
  const shapes = remembered<DayShape | null>(100);
  let last: number | null = null;
  let widest = 0;
  for (let day = plan.firstDay; day < plan.firstDay + PLANNED_DAYS; day += 1) {
    const offset = plainOffset(plan, day);
    if (offset !== null) {
      // Days on which the same expressions are active look the same.
      const combination = plan.expressions.map((each) => (each.days === null || each.days.has(day) ? '1' : '0')).join('');
      const shape = shapes(combination, () => shapeOf(activeOn(plan, day)));
      if (shape === null) continue;
      const midnight = day * DAY - offset;
      const first = midnight + shape.first;
      widest = Math.max(widest, shape.widest, first - (last ?? first));
      last = midnight + shape.last;
      continue;
    }
    for (const due of dueTimesOfDay(plan, day)) {
      widest = Math.max(widest, due - (last ?? due));
      last = due;
    }
  }
  return { widest, last };
}

/** Null where no expression is active. */
function shapeOf(active: readonly DailyTimes[]): DayShape | null {
  let first: number | null = null;
  let last = 0;
  let widest = 0;
  for (const second of secondsOfDay(active)) {
    widest = first === null ? 0 : Math.max(widest, second - last);
    first ??= second;
    last = second;
  }
  return first === null ? null : { first: first * 1000, last: last * 1000, widest: widest * 1000 };
}
