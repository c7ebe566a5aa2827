import type { FiringRecord, RunPage, RunQuery } from '#app/ports/ledger';
import { runIdIn, partsOfRunId } from '#domain/naming/run-id';
import type { Firing, Run } from '#domain/run';
import type { RedisClient } from './connect.ts';
import type { Keys } from './keys.ts';
import { decodeFiring, decodeRun, outcomeIn } from './run-codec.ts';

/** Firings read in one step, and runs. */
const FIRINGS_PAGE = 50;
const RUNS_PAGE = 200;

/** Where an answer ended: firings run from the newest due time back, runs within one by their id. */
interface Cursor {
  readonly due: number;
  readonly firingId: string;
  readonly volumeKey: string;
}

/** Reads the history newest due time first. An `after` that is none of our cursors is a RangeError. */
export async function queryRuns(redis: RedisClient, keys: Keys, query: RunQuery): Promise<RunPage> {
  const cursor = query.after === undefined ? null : parseCursor(query.after);
  const found: { run: Run; firing: Firing }[] = [];
  for await (const firing of firingsBack(redis, keys, query, cursor)) {
    const from = cursor !== null && firing.id === cursor.firingId ? cursor.volumeKey : '';
    for await (const run of runsOf(redis, keys, firing, query, from)) {
      if (found.length === query.limit) return { runs: found, next: cursorAfter(found.at(-1)) };
      found.push({ run, firing });
    }
  }
  return { runs: found, next: null };
}

async function* firingsBack(redis: RedisClient, keys: Keys, query: RunQuery, cursor: Cursor | null): AsyncGenerator<FiringRecord> {
  const index = query.policy === undefined ? keys.history : keys.historyOf(query.policy);
  const newest = cursor === null ? '+inf' : String(cursor.due);
  const oldest = query.since === undefined ? '-inf' : String(query.since);
  for (let from = 0; ; from += FIRINGS_PAGE) {
    const ids = await redis.zrevrangebyscore(index, newest, oldest, 'LIMIT', from, FIRINGS_PAGE);
    if (ids.length === 0) return;
    const hashes = await Promise.all(ids.map((id) => redis.hgetall(keys.firing(id))));
    for (const [at, id] of ids.entries()) {
      const firing = decodeFiring(id, hashes[at] ?? {});
      if (firing === null) continue;
      // Of equal due times the index goes back by id.
      if (cursor !== null && firing.due === cursor.due && id > cursor.firingId) continue;
      if (query.outcome !== undefined && firing.total !== null && firing.counts[query.outcome] === 0) continue;
      yield firing;
    }
  }
}

async function* runsOf(redis: RedisClient, keys: Keys, firing: FiringRecord, query: RunQuery, after: string): AsyncGenerator<Run> {
  const key = keys.runsOf(firing.id);
  const fields = query.volumeId === undefined ? (await redis.hkeys(key)).toSorted() : [partsOfRunId(runIdIn(firing.id, query.volumeId))?.volumeKey ?? ''];
  const rest = fields.filter((field) => field > after);
  for (let from = 0; from < rest.length; from += RUNS_PAGE) {
    const page = rest.slice(from, from + RUNS_PAGE);
    const stored = await redis.hmget(key, ...page);
    for (const [at, field] of page.entries()) {
      const record = stored[at];
      if (record === null || record === undefined) continue;
      // Reading a record whole takes long where thousands are passed over.
      if (query.outcome === undefined || outcomeIn(record) === query.outcome) yield decodeRun(`r${firing.id}${field}`, record).run;
    }
  }
}

function cursorAfter(last: { run: Run; firing: Firing } | undefined): string | null {
  const parts = last === undefined ? null : partsOfRunId(last.run.id);
  return last === undefined || parts === null ? null : `${last.firing.due}.${parts.firingId}.${parts.volumeKey}`;
}

function parseCursor(text: string): Cursor {
  const match = /^(\d{1,16})\.([0-9a-f]{16})\.([0-9a-f]{16})$/.exec(text);
  if (match?.[1] === undefined || match[2] === undefined || match[3] === undefined) throw new RangeError('not the `next` of an earlier answer');
  return { due: Number(match[1]), firingId: match[2], volumeKey: match[3] };
}
