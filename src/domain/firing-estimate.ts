import type { TargetLimits } from './target.ts';

/** What a firing and the prune after it ask of a target. */
export interface FiringWork {
  /** Calls that list the volumes, or ask for each that is named. */
  readonly volumeCalls: number;
  /** One create call for each volume. */
  readonly creates: number;
  /** Pages of the target's listing of snapshots. */
  readonly snapshotPages: number;
  readonly deletes: number;
  /** From the due time to the last volume's start, milliseconds. */
  readonly lastStartMs: number;
}

/** Twenty creates at once, over twenty volumes, took 0.8 s, and 200 through 20 connections 8.5 s (seen on Cinder 21.3.1, Zed). */
const SECONDS_PER_ROUND = 1;

/**
 * API calls = calls that list the volumes + one create for each volume + one listing of the snapshots (has each become
 * available) + one delete for each snapshot that prune would delete. Whole seconds = the longest of: calls divided by
 * `requestsPerSecond` (nothing without one); creates divided by `concurrentCreates`, rounded up, at one second for each
 * such round; the start of the last volume in the spread. Repeated tries, throttling, and further looks at a snapshot
 * that takes its time come on top.
 */
export function estimateFiring(work: FiringWork, limits: Pick<TargetLimits, 'requestsPerSecond' | 'concurrentCreates'>): { readonly apiCalls: number; readonly estimatedSeconds: number } {
  const apiCalls = work.volumeCalls + work.creates + work.snapshotPages + work.deletes;
  const byRate = limits.requestsPerSecond === null ? 0 : apiCalls / limits.requestsPerSecond;
  const byCreates = Math.ceil(work.creates / limits.concurrentCreates) * SECONDS_PER_ROUND;
  return { apiCalls, estimatedSeconds: Math.ceil(Math.max(byRate, byCreates, work.lastStartMs / 1000)) };
}
