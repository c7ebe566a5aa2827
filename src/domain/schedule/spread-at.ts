import type { Schedule } from '../policy.ts';
import type { Trigger } from '../run.ts';
import { durationMs } from '../time.ts';
import type { DurationMs, Instant } from '../time.ts';
import { fireTimesOf } from './fire-times.ts';

/** Over what time the volumes of a firing are spread: the policy's spread, and never across the next due time. One that somebody asked for starts at once. */
export function spreadAt(schedule: Schedule, { due, trigger }: { due: Instant; trigger: Trigger }): DurationMs {
  if (schedule.spread === 0 || trigger === 'manual') return durationMs(0);
  const next = fireTimesOf(schedule).next(due);
  return next === null ? schedule.spread : durationMs(Math.min(schedule.spread, next - due));
}
