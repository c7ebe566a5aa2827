import { z } from 'zod';
import { UNHURRIED } from '#domain/pace';
import type { Pace } from '#domain/pace';
import type { RedisClient } from './connect.ts';
import { ScriptRunner } from './script-runner.ts';

const StoredPace = z.object({ slowed: z.number().nullable(), ceiling: z.number(), isNamed: z.boolean().default(false), at: z.number(), blockedUntil: z.number(), nextAt: z.number() });

/** A target nobody has called for this long starts anew. */
const FORGET_MS = 3_600_000;

/**
 * Keys: the pace. Arguments: what it is believed to be, what it is to be, milliseconds to keep it. Returns what it was
 * and the server's time; it is changed only where the belief was right.
 */
const COMPARE_AND_SET = `
local time = redis.call('TIME')
local current = redis.call('GET', KEYS[1]) or ''
if current == ARGV[1] and ARGV[2] ~= current then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
return { current, time[1], time[2] }`;

/** How often a change is tried against other replicas before the caller is told that it cannot be made. */
const ATTEMPTS = 200;

/** The pace of one target in Redis. Reads the server's clock with each exchange, so that replicas need not agree on theirs. */
export class SharedPace {
  readonly #scripts: ScriptRunner;
  readonly #key: string;
  #stored = '';
  #pace: Pace = UNHURRIED;
  #clockOffset = 0;
  #readAt = Number.NEGATIVE_INFINITY;
  /** Exchanges of this process go one after the other: each builds on what the one before has read. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(redis: RedisClient, key: string) {
    this.#scripts = new ScriptRunner(redis);
    this.#key = key;
  }

  /** As last read. */
  get pace(): Pace {
    return this.#pace;
  }

  /** Milliseconds since it was last read. */
  get age(): number {
    return performance.now() - this.#readAt;
  }

  /** The server's clock, milliseconds. */
  now(): number {
    return Date.now() + this.#clockOffset;
  }

  async refresh(): Promise<void> {
    await this.#inTurn(() => this.#exchange(this.#stored));
  }

  /** Changes the pace by `change`, which is called again with the newer one where another replica was faster. */
  update<T>(change: (pace: Pace, now: number) => { readonly pace: Pace; readonly result: T }): Promise<T> {
    return this.#inTurn(() => this.#update(change));
  }

  async #update<T>(change: (pace: Pace, now: number) => { readonly pace: Pace; readonly result: T }): Promise<T> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const { pace, result } = change(this.#pace, this.now());
      const next = JSON.stringify(pace);
      if (await this.#exchange(next)) {
        this.#stored = next;
        this.#pace = pace;
        return result;
      }
    }
    throw new Error('too many replicas change the pace of the target at once');
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #exchange(next: string): Promise<boolean> {
    const believed = this.#stored;
    const reply = await this.#scripts.run(COMPARE_AND_SET, [this.#key], [believed, next, FORGET_MS]);
    const [current = '', seconds, micros] = Array.isArray(reply) ? reply.map(String) : [];
    this.#readAt = performance.now();
    this.#clockOffset = Number(seconds) * 1000 + Number(micros) / 1000 - Date.now();
    if (current === believed) return true;
    this.#stored = current;
    this.#pace = current === '' ? UNHURRIED : StoredPace.parse(JSON.parse(current));
    return false;
  }
}
