import type { RedisClient } from './connect.ts';
import type { Keys } from './keys.ts';

/** How much of the history of a policy stays. */
export interface HistoryLimits {
  /** Newest firings that stay in any case: what a status page shows. */
  readonly always: number;
  /** Beyond those, as many as hold no more runs than this together. */
  readonly runs: number;
  /** Nor more firings than this, however small. */
  readonly firings: number;
  /** Looked at only once in so many firings, since it reads the sizes of all that are kept. */
  readonly every: number;
}

export const HISTORY_LIMITS: HistoryLimits = { always: 30, runs: 20_000, firings: 1_000, every: 16 };

/** Drops the oldest finished firings of a policy beyond the limits, so that the history does not grow for ever. */
export async function trimHistory(redis: RedisClient, keys: Keys, policy: string, limits: HistoryLimits = HISTORY_LIMITS): Promise<void> {
  const size = await redis.zcard(keys.historyOf(policy));
  if (size <= limits.always || size % limits.every !== 0) return;
  const ids = await redis.zrevrange(keys.historyOf(policy), 0, '-1');
  const firings = await Promise.all(ids.map((id) => redis.hmget(keys.firing(id), 'total', 'finished')));
  let runs = 0;
  const dropped: string[] = [];
  for (const [index, id] of ids.entries()) {
    const [total, finished] = firings[index] ?? [];
    runs += Number(total ?? 0);
    const beyond = index >= limits.firings || (index >= limits.always && runs > limits.runs);
    if (beyond && finished !== null && finished !== undefined) dropped.push(id);
  }
  for (const id of dropped) {
    await redis.unlink(keys.runsOf(id), keys.firing(id));
    await Promise.all([redis.zrem(keys.historyOf(policy), id), redis.zrem(keys.history, id)]);
  }
}
