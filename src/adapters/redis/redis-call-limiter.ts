import { setTimeout } from 'node:timers/promises';
import type { CallLimiter, CallOutcome, CloudOperation } from '#app/ports/call-limiter';
import type { CallPriority } from '#app/ports/cloud';
import { rateAt, slowDown, takeTurns } from '#domain/pace';
import type { RedisClient } from './connect.ts';
import { SharedPace } from './shared-pace.ts';
import { TurnQueue } from './turn-queue.ts';

/** Turns are taken for this long ahead: one exchange with Redis for many calls at a high rate. */
const AHEAD_MS = 100;

/** How old the shared state may be while nothing holds the calls back, ms: how long another replica's refusal goes unnoticed. */
const STALE_MS = 500;

/** The window over which the rate of calls is observed, ms. */
const OBSERVED_MS = 5_000;

export interface LimiterOptions {
  readonly redis: RedisClient;
  readonly key: string;
  /** The rate of all replicas together; null is none. */
  readonly requestsPerSecond: number | null;
  /** A refusal slowed the target down; `delayMs` until the next call. Told once for calls refused together. */
  readonly onThrottled: (delayMs: number) => void;
}

/** Keeps the calls of all replicas to one target within its rate, and slows all down when the cloud refuses some. */
export class RedisCallLimiter implements CallLimiter {
  readonly #options: LimiterOptions;
  readonly #shared: SharedPace;
  readonly #queue = new TurnQueue();
  #isPumping = false;
  #calls: number[] = [];

  constructor(options: LimiterOptions) {
    this.#options = options;
    this.#shared = new SharedPace(options.redis, options.key);
  }

  async acquire(_operation: CloudOperation, priority: CallPriority, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#queue.size > 0 || !(await this.#isFree())) {
      const turn = this.#queue.wait(priority, performance.now(), signal);
      if (!this.#isPumping) void this.#pump();
      await turn;
    }
    this.#noteCall();
  }

  report(outcome: CallOutcome): void {
    if (outcome.result !== 'throttled') return;
    const named = outcome.rate === null ? null : (outcome.rate.limit * 1000) / outcome.rate.window;
    // With a rate the cloud names the whole window is no waiting time: the calls are spaced instead.
    const retryAfterMs = outcome.rate === null ? outcome.retryAfterMs : Math.min(outcome.retryAfterMs ?? 0, outcome.rate.window, 5_000);
    const refusal = { retryAfterMs, named, observed: this.#observedRate() };
    this.#shared
      .update((pace, now) => {
        const slowed = slowDown(pace, this.#options.requestsPerSecond, now, refusal);
        const isNews = slowed.at !== pace.at || pace.slowed === null;
        return { pace: slowed, result: isNews ? Math.max(0, slowed.blockedUntil - now) : null };
      })
      .then(
        (delayMs) => {
          if (delayMs !== null) this.#options.onThrottled(Math.round(delayMs));
        },
        // Redis is away: the refusal is forgotten, and the next one tells again.
        () => undefined,
      );
  }

  /** No limit and no refusal lately: calls go without asking. */
  async #isFree(): Promise<boolean> {
    if (this.#options.requestsPerSecond !== null) return false;
    if (this.#shared.age > STALE_MS) await this.#shared.refresh().catch(() => undefined);
    const now = this.#shared.now();
    return rateAt(this.#shared.pace, null, now).rate === null && this.#shared.pace.blockedUntil <= now;
  }

  /** Since the turn was taken another call may have been refused: then the turn is void, and new ones are taken. */
  async #isBlocked(): Promise<boolean> {
    if (this.#shared.age > STALE_MS) await this.#shared.refresh();
    return this.#shared.pace.blockedUntil > this.#shared.now();
  }

  async #pump(): Promise<void> {
    this.#isPumping = true;
    try {
      while (this.#queue.size > 0) await this.#letSomeGo();
    } catch (error) {
      this.#queue.failAll(error);
    } finally {
      this.#isPumping = false;
    }
  }

  async #letSomeGo(): Promise<void> {
    const base = this.#options.requestsPerSecond;
    const turns = await this.#shared.update((pace, now) => {
      const { rate } = rateAt(pace, base, now);
      const wanted = rate === null ? this.#queue.size : Math.min(this.#queue.size, Math.max(1, Math.floor((rate * AHEAD_MS) / 1000)));
      const taken = takeTurns(pace, base, now, wanted);
      return { pace: taken.pace, result: { ...taken, wanted } };
    });
    for (let turn = 0; turn < turns.wanted; turn += 1) {
      const wait = turns.from + turn * turns.interval - this.#shared.now();
      if (wait > 0) await setTimeout(wait, undefined, { ref: false });
      if (await this.#isBlocked()) return;
      if (!this.#queue.next(performance.now())) return;
    }
  }

  #noteCall(): void {
    this.#calls.push(performance.now());
    if (this.#calls.length > 10_000) this.#calls = this.#calls.slice(5_000);
  }

  #observedRate(): number {
    const since = performance.now() - OBSERVED_MS;
    this.#calls = this.#calls.filter((at) => at >= since);
    return this.#calls.length / (OBSERVED_MS / 1000);
  }
}
