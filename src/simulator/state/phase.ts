import type { DelayRange } from '../options.ts';
import type { SeededRandom } from './random.ts';

/**
 * A status that changes by itself: `during` before `untilMs`, `then` from that instant on. The status is worked out
 * from the clock whenever somebody asks, so a waiting snapshot costs nothing.
 */
export interface Phase {
  readonly during: string;
  /** Epoch milliseconds; infinite for a status that never changes by itself. */
  readonly untilMs: number;
  readonly then: string;
  readonly startedAtMs: number;
}

export function statusAt(phase: Phase, nowMs: number): string {
  return nowMs < phase.untilMs ? phase.during : phase.then;
}

/** When the status last changed, or null while it still has its first one. Epoch milliseconds. */
export function changedAt(phase: Phase, nowMs: number): number | null {
  if (nowMs >= phase.untilMs) return phase.untilMs;
  return phase.during === 'creating' ? null : phase.startedAtMs;
}

export function fixedPhase(status: string, nowMs: number): Phase {
  return { during: status, untilMs: Number.POSITIVE_INFINITY, then: status, startedAtMs: nowMs };
}

export function drawDelay(range: DelayRange, random: SeededRandom): number {
  return range.maxMs <= range.minMs ? range.minMs : random.between(range.minMs, range.maxMs);
}
