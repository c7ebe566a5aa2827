import { setImmediate } from 'node:timers/promises';
import type { Clock } from '#app/ports/clock';
import { addMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';

interface Sleeper {
  readonly until: Instant;
  readonly wake: () => void;
}

/** Lets everything run that waits for nothing but promises: one turn of the event loop empties their queue. */
export async function settle(): Promise<void> {
  await setImmediate();
}

/** A clock that moves only when told to. What sleeps on it wakes in the order of the times it waits for. */
export class ManualClock implements Clock {
  #now: Instant;
  #sleepers: Sleeper[] = [];
  /** The longest single sleep anybody asked for, milliseconds. */
  longestSleep = 0;

  /** ISO UTC, or epoch milliseconds. */
  constructor(start: string | number) {
    this.#now = instant(typeof start === 'number' ? start : Date.parse(start));
  }

  now(): Instant {
    return this.#now;
  }

  async sleepUntil(until: Instant, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true || until <= this.#now) return;
    this.longestSleep = Math.max(this.longestSleep, until - this.#now);
    await new Promise<void>((resolve) => {
      const sleeper: Sleeper = { until, wake: done };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', done, { once: true });
      const drop = (): void => {
        this.#sleepers = this.#sleepers.filter((each) => each !== sleeper);
        signal?.removeEventListener('abort', done);
      };
      function done(): void {
        drop();
        resolve();
      }
    });
  }

  /** How many sleep. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** When the first sleeper wakes; null where nobody sleeps. */
  get nextWake(): Instant | null {
    return this.#sleepers.length === 0 ? null : instant(Math.min(...this.#sleepers.map(({ until }) => until)));
  }

  /** Time passes: each sleeper wakes at its own time, and what it does then is done before time goes on. */
  async advance(ms: number): Promise<void> {
    await this.advanceTo(addMs(this.#now, ms));
  }

  async advanceTo(to: string | number): Promise<void> {
    const end = instant(typeof to === 'number' ? to : Date.parse(to));
    await settle();
    for (;;) {
      const next = this.nextWake;
      if (next === null || next > end) break;
      // Never back: a sleeper whose time a jump went over wakes late.
      if (next > this.#now) this.#now = next;
      this.#wakeDue();
      await settle();
    }
    if (end > this.#now) this.#now = end;
    await settle();
  }

  /** The clock is set, forward or back. Forward wakes whoever's time has passed, all at once; back wakes nobody. */
  async jumpTo(to: string | number): Promise<void> {
    this.#now = instant(typeof to === 'number' ? to : Date.parse(to));
    this.#wakeDue();
    await settle();
  }

  #wakeDue(): void {
    for (const { wake } of this.#sleepers.filter(({ until }) => until <= this.#now)) wake();
  }
}
