import type { DurationMs, Instant } from './time.ts';

/** How well a volume is protected: its newest good snapshot, or since when it has been known without one. */
export interface GoodSince {
  readonly lastGoodAt: Instant | null;
  readonly firstSeenAt: Instant;
}

/** Now minus the moment the data of the newest good snapshot is from; without one, since the policy first knew the volume. Whole seconds. */
export function lagSeconds({ lastGoodAt, firstSeenAt }: GoodSince, now: Instant): number {
  return Math.max(0, Math.floor((now - (lastGoodAt ?? firstSeenAt)) / 1000));
}

/** Whether the lag, in whole seconds, is over the objective. */
export function isOverdue(of: GoodSince, rpo: DurationMs, now: Instant): boolean {
  return lagSeconds(of, now) * 1000 > rpo;
}
