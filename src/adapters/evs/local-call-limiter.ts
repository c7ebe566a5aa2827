import { setTimeout } from 'node:timers/promises';
import type { CallLimiter, CallOutcome, CloudOperation } from '#app/ports/call-limiter';
import type { CallPriority } from '#app/ports/cloud';
import { UNHURRIED, slowDown, takeTurns } from '#domain/pace';
import type { Pace } from '#domain/pace';

export interface LocalLimiterOptions {
  /** Calls of this process; null is no limit. */
  readonly requestsPerSecond: number | null;
  /** A refusal slowed the target down; `delayMs` until the next call. */
  readonly onThrottled: (delayMs: number) => void;
}

/** Keeps the calls of one process within a rate, for a command that runs without Redis: what others ask of the target it cannot know. First come, first served. */
export class LocalCallLimiter implements CallLimiter {
  readonly #options: LocalLimiterOptions;
  #pace: Pace = UNHURRIED;

  constructor(options: LocalLimiterOptions) {
    this.#options = options;
  }

  async acquire(_operation: CloudOperation, _priority: CallPriority, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const now = performance.now();
    const turn = takeTurns(this.#pace, this.#options.requestsPerSecond, now, 1);
    this.#pace = turn.pace;
    if (turn.from > now) await setTimeout(turn.from - now, undefined, signal === undefined ? {} : { signal });
  }

  report(outcome: CallOutcome): void {
    if (outcome.result !== 'throttled') return;
    const named = outcome.rate === null ? null : (outcome.rate.limit * 1000) / outcome.rate.window;
    const now = performance.now();
    this.#pace = slowDown(this.#pace, this.#options.requestsPerSecond, now, { retryAfterMs: outcome.retryAfterMs, named, observed: 0 });
    this.#options.onThrottled(Math.round(Math.max(0, this.#pace.blockedUntil - now)));
  }
}
