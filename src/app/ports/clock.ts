import type { Instant } from '#domain/time';

/** The only way to the wall clock for everything inside. */
export interface Clock {
  now(): Instant;
  /**
   * Resolves at `until` or at once where that is past, and early with the signal. Waits of any length are good
   * (a platform timer holds 2^31 - 1 ms at most), and a suspended or stepped clock is noticed within a minute.
   */
  sleepUntil(until: Instant, signal?: AbortSignal): Promise<void>;
}
