import type { RetentionRules } from '../policy.ts';
import { formatDuration } from '../time.ts';
import { PERIODS, bucketKey, bucketName } from './buckets.ts';
import type { Period } from './buckets.ts';
import { offsetsOf } from './local-calendar.ts';
import type { Good } from './standing.ts';

/** A rule that keeps the newest snapshot of each of so many buckets, and the buckets it has met. */
interface BucketRule {
  readonly period: Period;
  readonly count: number;
  readonly met: Set<number>;
}

/** Whether these rules ask for nothing, which keeps everything. */
export function keepsAll(rules: RetentionRules): boolean {
  return rules.last === 0 && rules.within === 0 && PERIODS.every((period) => rules[period] === 0);
}

/**
 * Why each of these stays; an empty list means that no rule keeps it. They come newest first. Each rule goes from the newest to the oldest and keeps the first of every bucket until it has met as
 * many buckets as it counts: buckets without a snapshot do not count, so a time without snapshots ages nothing away.
 * `within` counts back from the newest, its far end included. The newest stays in any case.
 *
 * Whatever stays would also stay with fewer newer ones: each rule lets go of a snapshot only for newer ones.
 */
export function keepReasons(newestFirst: readonly Good[], rules: RetentionRules, timezone: string): Map<Good, readonly string[]> {
  const offsetAt = offsetsOf(timezone);
  const bucketRules = PERIODS.map((period): BucketRule => ({ period, count: rules[period], met: new Set() }));
  const withinReason = `within ${formatDuration(rules.within)}`;
  const oldestWithin = (newestFirst[0]?.due ?? 0) - rules.within;
  const found = new Map<Good, readonly string[]>();
  for (const good of newestFirst) {
    const { due } = good;
    const offset = offsetAt(due);
    const reasons: string[] = [];
    if (found.size < rules.last) reasons.push('last');
    for (const { period, count, met } of bucketRules) {
      if (met.size >= count) continue;
      const key = bucketKey(period, due, offset);
      if (met.has(key)) continue;
      met.add(key);
      reasons.push(`${period} ${bucketName(period, due, offsetAt)}`);
    }
    if (rules.within > 0 && due >= oldestWithin) reasons.push(withinReason);
    if (found.size === 0) reasons.push('newest good');
    found.set(good, reasons);
  }
  return found;
}
