import { DAY, instant } from '../time.ts';
import type { Instant } from '../time.ts';
import { clockChangeNote } from './clock-change-note.ts';
import { activeOn, dayPlan, dueTimesOfDay, localDay, plainOffset, PLANNED_DAYS, secondsOfDay } from './day-plan.ts';
import type { DayPlan } from './day-plan.ts';
import type { CronTimes } from './fire-times.ts';

/** A due time with what the wall clock of its zone shows. */
export interface LocalDueTime {
  readonly at: Instant;
  /** Local time minus UTC, milliseconds. */
  readonly offset: number;
  /** What a clock change does to it, in words; null where it does nothing. */
  readonly note: string | null;
}

/**
 * The due times in [`from`, `to`), ascending, at most the first `max` of them; `more` is how many were left out. Worked
 * out by days, not by asking croner for each (see `dayPlan`): thousands of schedules over a month take well under a second.
 */
export function localDueTimes(times: CronTimes, from: Instant, to: Instant, max: number): { readonly found: readonly LocalDueTime[]; readonly more: number } {
  const found: LocalDueTime[] = [];
  let more = 0;
  // A day more at each end: near a clock change a local day may begin or end elsewhere.
  const lastDay = localDay(times.timezone, to) + 1;
  let plan: DayPlan | null = null;
  for (let day = localDay(times.timezone, from) - 1; day <= lastDay; day += 1) {
    if (plan === null || day >= plan.firstDay + PLANNED_DAYS) plan = dayPlan(times, day);
    const plain = plainOffset(plan, day);
    if (plain !== null && found.length >= max && day * DAY - plain >= from && (day + 1) * DAY - plain <= to) {
      more += secondsOfDay(activeOn(plan, day)).length;
      continue;
    }
    for (const at of dueTimesOfDay(plan, day)) {
      if (at < from || at >= to) continue;
      if (found.length >= max) more += 1;
      else found.push(plain === null ? nearChange(plan, times, at) : { at: instant(at), offset: plain, note: null });
    }
  }
  return { found: inOrder(found), more };
}

function nearChange(plan: DayPlan, times: CronTimes, at: number): LocalDueTime {
  const offset = plan.stretches.find(({ start, end }) => at >= start && at < end)?.offset ?? 0;
  return { at: instant(at), offset, note: clockChangeNote(plan, times, at) };
}

/** A clock put back over midnight shows part of the next day before the rest of this one. */
function inOrder(found: readonly LocalDueTime[]): readonly LocalDueTime[] {
  const isOrdered = found.every(({ at }, place) => at > (found[place - 1]?.at ?? -Infinity));
  return isOrdered ? found : found.toSorted((a, b) => a.at - b.at);
}
