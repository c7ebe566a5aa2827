import type { CatchUp } from '../policy.ts';
import type { Trigger } from '../run.ts';
import type { DurationMs, Instant } from '../time.ts';
import { MINUTE } from '../time.ts';

/** The newest due time counts as on time up to this late: time to notice it and to list the volumes of earlier ones. */
export const ON_TIME: DurationMs = MINUTE;

/** Due times dealt with in one step; a longer backlog takes several, so that no step holds the process for long. */
export const MAX_DUE_PER_STEP = 1_000;

export interface DueStep {
  /** What to fire, oldest first. */
  readonly fire: readonly { readonly due: Instant; readonly trigger: Trigger }[];
  /** What is let go, oldest first. */
  readonly missed: readonly Instant[];
  /** Where the watermark stands once all of `fire` is queued. */
  readonly watermark: Instant;
  /** More is due: step again. */
  readonly more: boolean;
}

/**
 * Decides over the due times after `watermark` up to and including `now`. The newest one fires when it is on time; all
 * others are late, and start only as far as catch-up allows and no later than `catchUpWindow` after their due time:
 * `none` starts none of them, `latest` the newest alone, `all` every one. With nothing due the watermark stays.
 */
export function decideDueTimes(input: {
  between: (after: Instant, until: Instant, max: number) => readonly Instant[];
  watermark: Instant;
  now: Instant;
  catchUp: CatchUp;
  catchUpWindow: DurationMs;
}): DueStep {
  const { watermark, now, catchUp, catchUpWindow } = input;
  // One more than a step takes tells a full step from one that something follows.
  const found = now > watermark ? input.between(watermark, now, MAX_DUE_PER_STEP + 1) : [];
  const more = found.length > MAX_DUE_PER_STEP;
  const due = found.slice(0, MAX_DUE_PER_STEP);
  const newest = due.at(-1);
  if (newest === undefined) return { fire: [], missed: [], watermark, more: false };

  const fire: { due: Instant; trigger: Trigger }[] = [];
  const missed: Instant[] = [];
  for (const at of due) {
    const isNewest = at === newest && !more;
    const inWindow = now - at <= catchUpWindow;
    if (isNewest && now - at <= ON_TIME) fire.push({ due: at, trigger: 'schedule' });
    else if (inWindow && (catchUp === 'all' || (catchUp === 'latest' && isNewest))) fire.push({ due: at, trigger: 'catch-up' });
    else missed.push(at);
  }
  return { fire, missed, watermark: newest, more };
}
