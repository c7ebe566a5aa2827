import type { Clock } from '#app/ports/clock';
import { instant } from '#domain/time';
import type { Instant } from '#domain/time';

/**
 * Timers count a clock of their own that stands still while the machine is suspended and knows nothing of a stepped wall
 * clock, so the wall clock is read again at least this often. Also far below the 2^31 - 1 ms that a timer can hold.
 */
const LONGEST_TIMER_MS = 30_000;

export const systemClock: Clock = {
  now: () => instant(Date.now()),

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true) {
      const left = until - Date.now();
      if (left <= 0) return;
      await timer(Math.min(left, LONGEST_TIMER_MS), signal);
    }
  },
};

function timer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const handle = setTimeout(done, ms);
    signal?.addEventListener('abort', done, { once: true });
    function done(): void {
      clearTimeout(handle);
      signal?.removeEventListener('abort', done);
      resolve();
    }
  });
}
