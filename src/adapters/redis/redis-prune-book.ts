import { z } from 'zod';
import type { Brake, PendingDelete, PruneBook, VolumeToPrune } from '#app/ports/prune-book';
import { instant } from '#domain/time';
import type { RedisClient } from './connect.ts';
import { keysOf } from './keys.ts';
import type { Keys } from './keys.ts';
import { ScriptRunner } from './script-runner.ts';
import { BRAKE, PUT_KNOWN, STRIKE } from './prune-scripts.ts';

/** Entries written in one step. */
const PAGE = 500;

const At = z.number().transform((ms) => instant(ms));

const StoredDelete = z.object({
  snapshotId: z.string(),
  policy: z.string(),
  volumeId: z.string(),
  due: At,
  runId: z.string(),
  cause: z.enum(['expired', 'failed', 'duplicate']),
  reasons: z.array(z.string()),
  recordedAt: At,
  acceptedAt: At.nullable(),
  said: z.object({ httpStatus: z.number().nullable(), code: z.string(), message: z.string(), requestId: z.string().nullable() }).nullable(),
  failures: z.number(),
  lookAt: At,
});

const StoredBrake = z.object({
  policy: z.string(),
  target: z.string(),
  revision: z.string(),
  reason: z.string(),
  good: z.number(),
  expired: z.number(),
  since: At,
});

/** The prune book in Redis, under the keys of one instance. */
export class RedisPruneBook implements PruneBook {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #scripts: ScriptRunner;

  constructor(redis: RedisClient, instance: string) {
    this.#redis = redis;
    this.#keys = keysOf(instance);
    this.#scripts = new ScriptRunner(redis);
  }

  async note(target: string, { policy, volumeId, since }: VolumeToPrune): Promise<void> {
    await this.#redis.zadd(this.#keys.toPrune(target), since, member(policy, volumeId));
  }

  async noted(target: string, limit: number): Promise<readonly VolumeToPrune[]> {
    const flat = await this.#redis.zrange(this.#keys.toPrune(target), 0, String(limit - 1), 'WITHSCORES');
    const noted: VolumeToPrune[] = [];
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const name = flat[i] ?? '';
      const slash = name.indexOf('/');
      noted.push({ policy: name.slice(0, slash), volumeId: name.slice(slash + 1), since: instant(Number(flat[i + 1])) });
    }
    return noted;
  }

  async strike(target: string, volumes: readonly VolumeToPrune[]): Promise<void> {
    for (const page of pages(volumes)) {
      await this.#scripts.run(STRIKE, [this.#keys.toPrune(target)], page.flatMap(({ policy, volumeId, since }) => [member(policy, volumeId), since]));
    }
  }

  async begin(target: string, deletes: readonly PendingDelete[]): Promise<ReadonlySet<string>> {
    const added = await Promise.all(deletes.map((each) => this.#redis.hsetnx(this.#keys.deleting(target), each.snapshotId, JSON.stringify(each))));
    return new Set(deletes.filter((_, index) => added[index] === 1).map(({ snapshotId }) => snapshotId));
  }

  async pending(target: string): Promise<readonly PendingDelete[]> {
    const stored = await this.#redis.hvals(this.#keys.deleting(target));
    return stored.map((json) => StoredDelete.parse(JSON.parse(json)));
  }

  async update(target: string, deletes: readonly PendingDelete[]): Promise<void> {
    for (const page of pages(deletes)) {
      await this.#scripts.run(PUT_KNOWN, [this.#keys.deleting(target)], page.flatMap((each) => [each.snapshotId, JSON.stringify(each)]));
    }
  }

  async end(target: string, snapshotIds: readonly string[]): Promise<ReadonlySet<string>> {
    const removed = await Promise.all(snapshotIds.map((id) => this.#redis.hdel(this.#keys.deleting(target), id)));
    return new Set(snapshotIds.filter((_, index) => removed[index] === 1));
  }

  async brakes(): Promise<ReadonlyMap<string, Brake>> {
    const stored = await this.#redis.hvals(this.#keys.brakes);
    return new Map(stored.map((json) => StoredBrake.parse(JSON.parse(json))).map((brake) => [brake.policy, brake]));
  }

  async brake(brake: Brake): Promise<boolean> {
    return (await this.#scripts.run(BRAKE, [this.#keys.brakes], [brake.policy, brake.revision, JSON.stringify(brake)])) === 1;
  }

  async lift(policy: string): Promise<void> {
    await this.#redis.hdel(this.#keys.brakes, policy);
  }
}

/** A policy's name has no slash. */
function member(policy: string, volumeId: string): string {
  return `${policy}/${volumeId}`;
}

function* pages<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += PAGE) yield items.slice(from, from + PAGE);
}
