import type { Instant } from '#domain/time';
import type { Clock } from './ports/clock.ts';

/** A sleep that others can cut short; of several who sleep, that of the one who began last. A wake that comes while nobody sleeps makes the next sleep return at once. */
export class Wakeable {
  #pending = false;
  #sleeper: AbortController | null = null;

  wake(): void {
    this.#pending = true;
    this.#sleeper?.abort();
  }

  /** Until the instant, the wake or the signal, whichever comes first. */
  async sleepUntil(clock: Clock, until: Instant, signal: AbortSignal): Promise<void> {
    const sleeper = new AbortController();
    this.#sleeper = sleeper;
    if (!this.#pending) await clock.sleepUntil(until, AbortSignal.any([signal, sleeper.signal]));
    this.#pending = false;
    if (this.#sleeper === sleeper) this.#sleeper = null;
  }
}
