import { createHash } from 'node:crypto';
import type { RedisClient } from './connect.ts';

/** Runs scripts by their hash, and sends their text only to a server that does not know them (any more). */
export class ScriptRunner {
  readonly #redis: RedisClient;
  readonly #hashes = new Map<string, string>();

  constructor(redis: RedisClient) {
    this.#redis = redis;
  }

  async run(script: string, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    try {
      return await this.#redis.evalsha(this.#hashOf(script), keys.length, ...keys, ...args);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return this.#redis.eval(script, keys.length, ...keys, ...args);
    }
  }

  #hashOf(script: string): string {
    const known = this.#hashes.get(script);
    if (known !== undefined) return known;
    const hash = createHash('sha1').update(script).digest('hex');
    this.#hashes.set(script, hash);
    return hash;
  }
}
