import type { NoticeBoard } from '#app/ports/notice-board';
import { WEEK, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import type { RedisClient } from './connect.ts';
import { keysOf } from './keys.ts';
import type { Keys } from './keys.ts';

/** Volumes written in one step. */
const PAGE = 500;

/** What has been told, in Redis, under the keys of one instance. */
export class RedisNoticeBoard implements NoticeBoard {
  readonly #redis: RedisClient;
  readonly #keys: Keys;

  constructor(redis: RedisClient, instance: string) {
    this.#redis = redis;
    this.#keys = keysOf(instance);
  }

  async since(at: Instant): Promise<Instant> {
    const [, known] = await Promise.all([this.#redis.setnx(this.#keys.noticesSince, String(at)), this.#redis.get(this.#keys.noticesSince)]);
    return known === null ? at : instant(Number(known));
  }

  async toldOverdue(policy: string): Promise<ReadonlySet<string>> {
    const key = this.#keys.toldOverdue(policy);
    const [told] = await Promise.all([this.#redis.smembers(key), this.#redis.pexpire(key, WEEK)]);
    return new Set(told);
  }

  async setTold(policy: string, { add, remove }: { add: readonly string[]; remove: readonly string[] }): Promise<void> {
    const key = this.#keys.toldOverdue(policy);
    for (let from = 0; from < add.length; from += PAGE) await this.#redis.sadd(key, ...add.slice(from, from + PAGE));
    for (let from = 0; from < remove.length; from += PAGE) await this.#redis.srem(key, ...remove.slice(from, from + PAGE));
    await this.#redis.pexpire(key, WEEK);
  }
}
