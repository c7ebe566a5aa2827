import type { Schedule } from '../policy.ts';
import { durationMs } from '../time.ts';
import type { DurationMs, Instant } from '../time.ts';
import { fireTimesOf } from './fire-times.ts';

/** Over what time the volumes of a firing are spread: the policy's spread, and never across the next due time. */
export function spreadAt(schedule: Schedule, due: Instant): DurationMs {
  if (schedule.spread === 0) return schedule.spread;
  const next = fireTimesOf(schedule).next(due);
  return next === null ? schedule.spread : durationMs(Math.min(schedule.spread, next - due));
}
