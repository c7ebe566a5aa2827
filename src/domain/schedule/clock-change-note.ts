import { DAY } from '../time.ts';
import type { DayPlan } from './day-plan.ts';
import { cronFactsOf, matchingDays } from './fire-times.ts';
import type { CronTimes } from './fire-times.ts';

/**
 * What a change of the clock does to a due time, in one line for people: that it stands for a wall time that does not
 * exist that day, or that its wall time occurs twice. Null for any other. The rules are those of `fireTimesOf`.
 */
export function clockChangeNote(plan: Pick<DayPlan, 'stretches'>, times: CronTimes, at: number): string | null {
  const here = plan.stretches.findIndex(({ start, end }) => at >= start && at < end);
  const stretch = plan.stretches[here];
  if (stretch === undefined) return null;
  const { start, end, offset } = stretch;
  const before = plan.stretches[here - 1]?.offset ?? offset;
  const after = plan.stretches[here + 1]?.offset ?? offset;
  if (at === start && offset > before) {
    const skipped = skippedTimes(times, start, before, offset);
    if (skipped.length === 0) return null;
    const verdict = skipped.length === 1 ? 'does not exist, runs' : 'do not exist, run once';
    return `the clock goes forward that day: ${skipped.join(', ')} ${verdict} at ${wallTime(start + offset)}`;
  }
  const wall = wallTime(at + offset);
  if (after < offset && at >= end - (offset - after)) {
    return `the clock goes back that day: ${wall} occurs twice, ${runsTwice(times, at + offset) ? 'and runs both times' : 'runs the first time only'}`;
  }
  return before > offset && at < start + (before - offset) ? `the clock goes back that day: ${wall} occurs twice, this is the second time` : null;
}

/** The wall times that fixed expressions name and that this clock change jumps over. */
function skippedTimes({ cron }: CronTimes, change: number, before: number, after: number): readonly string[] {
  const day = Math.floor((change + after) / DAY);
  const named = new Set<number>();
  for (const expression of cron) {
    const { isFixedTime, secondsOfDay, dayFields } = cronFactsOf(expression);
    if (!isFixedTime || !matchingDays(dayFields, day, 1).has(day)) continue;
    for (const second of secondsOfDay) {
      const local = day * DAY + second * 1000;
      if (local >= change + before && local < change + after) named.add(local);
    }
  }
  return [...named].toSorted((a, b) => a - b).map(wallTime);
}

function runsTwice({ cron }: CronTimes, local: number): boolean {
  const second = Math.floor(local / 1000) % (DAY / 1000);
  return cron.some((expression) => {
    const { isFixedTime, secondsOfDay } = cronFactsOf(expression);
    return !isFixedTime && secondsOfDay.includes(second);
  });
}

/** `02:30`, with seconds where there are any. */
function wallTime(local: number): string {
  const text = new Date(local).toISOString().slice(11, 19);
  return text.endsWith(':00') ? text.slice(0, 5) : text;
}
