import type { RedisClient } from './connect.ts';
import type { Keys } from './keys.ts';

/** Firings of a policy that the history keeps in any case: what a status page shows. */
const KEPT_ALWAYS = 30;

/** Beyond those, as many as hold no more runs than this together. */
const KEPT_RUNS = 20_000;

/** Nor more firings than this, however small. */
const KEPT_FIRINGS = 1_000;

/** Looked at only so often, in firings, since it reads the sizes of all that are kept. */
const LOOK_EVERY = 16;

/** Drops the oldest finished firings of a policy beyond the limits, so that the history does not grow for ever. */
export async function trimHistory(redis: RedisClient, keys: Keys, policy: string): Promise<void> {
  const size = await redis.zcard(keys.historyOf(policy));
  if (size <= KEPT_ALWAYS || size % LOOK_EVERY !== 0) return;
  const ids = await redis.zrevrange(keys.historyOf(policy), 0, -1);
  const firings = await Promise.all(ids.map((id) => redis.hmget(keys.firing(id), 'total', 'finished')));
  let runs = 0;
  const dropped: string[] = [];
  for (const [index, id] of ids.entries()) {
    const [total, finished] = firings[index] ?? [];
    runs += Number(total ?? 0);
    const beyond = index >= KEPT_FIRINGS || (index >= KEPT_ALWAYS && runs > KEPT_RUNS);
    if (beyond && finished !== null && finished !== undefined) dropped.push(id);
  }
  for (const id of dropped) {
    await redis.unlink(keys.runsOf(id), keys.firing(id));
    await Promise.all([redis.zrem(keys.historyOf(policy), id), redis.zrem(keys.history, id)]);
  }
}
