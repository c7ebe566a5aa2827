import { partsOfRunId, runIdIn } from '#domain/naming/run-id';
import type { EndedOutcome, Firing, Run } from '#domain/run';
import { instant } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Clock } from '#app/ports/clock';
import { UnreadableRecordError } from '#app/ports/unreadable-record';
import type { FiringRecord, FiringRequest, Ledger, PolicyStanding, PolicyState, Protection, RunPage, RunQuery, StoredRun } from '#app/ports/ledger';
import type { RedisClient } from './connect.ts';
import { trimHistory } from './history-limit.ts';
import { keysOf } from './keys.ts';
import type { Keys } from './keys.ts';
import { decodeFiring, decodeRun, decodeStanding, encodeFiring, encodeRun, letters, newRecord, pairs } from './run-codec.ts';
import { queryRuns } from './run-query.ts';
import { ScriptRunner } from './script-runner.ts';
import * as scripts from './scripts.ts';

/** Entries read from a large hash in one step. */
const PAGE = 500;

/** Policies whose standing is read in one step. */
const STANDINGS_PAGE = 100;

/** The ledger in Redis, under the keys of one instance. */
export class RedisLedger implements Ledger {
  readonly #redis: RedisClient;
  readonly #keys: Keys;
  readonly #scripts: ScriptRunner;
  readonly #clock: Clock;
  #storeId: Promise<string> | null = null;

  constructor(redis: RedisClient, instance: string, clock: Clock) {
    this.#redis = redis;
    this.#clock = clock;
    this.#keys = keysOf(instance);
    this.#scripts = new ScriptRunner(redis);
    redis.on('close', () => {
      this.#storeId = null;
    });
  }

  storeId(): Promise<string> {
    this.#storeId ??= this.#readStoreId().catch((error: unknown) => {
      this.#storeId = null;
      throw error;
    });
    return this.#storeId;
  }

  async markInUse(): Promise<boolean> {
    return (await this.#redis.setnx(this.#keys.inUse, '1')) === 1;
  }

  async now(): Promise<Instant> {
    const [seconds, micros] = await this.#redis.time();
    return instant(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000));
  }

  async policyStates(names: readonly string[]): Promise<ReadonlyMap<string, PolicyState>> {
    const hashes = await Promise.all(names.map((name) => this.#redis.hgetall(this.#keys.policy(name))));
    const states = new Map<string, PolicyState>();
    for (const [index, name] of names.entries()) {
      const { watermark, schedule, rebuilt } = hashes[index] ?? {};
      if (watermark === undefined || schedule === undefined) continue;
      states.set(name, { watermark: instant(Number(watermark)), scheduleKey: schedule, ...(rebuilt === undefined ? {} : { rebuiltAt: instant(Number(rebuilt)) }) });
    }
    return states;
  }

  async startPolicy(name: string, state: { watermark: Instant; scheduleKey: string; rebuiltAt?: Instant }): Promise<boolean> {
    const args = [state.scheduleKey, state.watermark, ...(state.rebuiltAt === undefined ? [] : [state.rebuiltAt])];
    return (await this.#scripts.run(scripts.START_POLICY, [this.#keys.policy(name)], args)) === 1;
  }

  async advanceWatermark(name: string, scheduleKey: string, to: Instant): Promise<boolean> {
    return (await this.#scripts.run(scripts.ADVANCE_WATERMARK, [this.#keys.policy(name)], [scheduleKey, to])) === 1;
  }

  async changeSchedule(name: string, from: string, to: string, at: Instant): Promise<boolean> {
    return (await this.#scripts.run(scripts.CHANGE_SCHEDULE, [this.#keys.policy(name)], [from, to, at])) === 1;
  }

  async pausedPolicies(): Promise<ReadonlyMap<string, Instant>> {
    const paused = await this.#redis.hgetall(this.#keys.paused);
    return new Map(Object.entries(paused).map(([name, at]) => [name, instant(Number(at))]));
  }

  async pause(name: string, at: Instant): Promise<void> {
    await this.#redis.hsetnx(this.#keys.paused, name, String(at));
  }

  async resume(name: string): Promise<Instant | null> {
    const since = await this.#scripts.run(scripts.TAKE_FIELD, [this.#keys.paused], [name]);
    return typeof since === 'string' ? instant(Number(since)) : null;
  }

  async acquireLease(name: string, holder: string, ttl: DurationMs): Promise<boolean> {
    return (await this.#scripts.run(scripts.HOLD, [this.#keys.lease(name)], [holder, ttl])) === holder;
  }

  async releaseLease(name: string, holder: string): Promise<void> {
    await this.#scripts.run(scripts.RELEASE, [this.#keys.lease(name)], [holder]);
  }

  async requestFiring(firing: Firing, only: readonly string[] | null): Promise<boolean> {
    const keys = [...this.#firingKeys(firing), this.#keys.requests];
    const args = [firing.id, firing.due, JSON.stringify({ only }), ...encodeFiring(firing)];
    return (await this.#scripts.run(scripts.REQUEST_FIRING, keys, args)) === 1;
  }

  async requestedFirings(): Promise<readonly FiringRequest[]> {
    const requests = await this.#redis.hgetall(this.#keys.requests);
    return Object.entries(requests).map(([firingId, json]) => ({ firingId, ...(JSON.parse(json) as Omit<FiringRequest, 'firingId'>) }));
  }

  async forgetRequest(firingId: string): Promise<void> {
    await this.#redis.hdel(this.#keys.requests, firingId);
  }

  async openFiring(firing: Firing): Promise<FiringRecord> {
    const keys = this.#firingKeys(firing);
    return this.#firing(firing.id, await this.#scripts.run(scripts.OPEN_FIRING, keys, [firing.id, firing.due, ...encodeFiring(firing)]));
  }

  async addRuns(firing: Firing, runs: readonly Run[]): Promise<void> {
    const args = runs.flatMap((run) => [volumeKey(run.id), newRecord(run)]);
    if (args.length > 0) await this.#scripts.run(scripts.ADD_RUNS, [this.#keys.runsOf(firing.id)], args);
  }

  async closeFiring(firing: Firing): Promise<FiringRecord> {
    const keys = [this.#keys.firing(firing.id), this.#keys.runsOf(firing.id), this.#keys.open, this.#keys.ended];
    const closed = this.#firing(firing.id, await this.#scripts.run(scripts.CLOSE_FIRING, keys, [firing.id, this.#clock.now()]));
    await trimHistory(this.#redis, this.#keys, firing.policy);
    return closed;
  }

  async firing(id: string): Promise<FiringRecord | null> {
    return decodeFiring(id, await this.#redis.hgetall(this.#keys.firing(id)));
  }

  async firings(policy: string, limit: number): Promise<readonly FiringRecord[]> {
    return this.#firings(await this.#redis.zrevrange(this.#keys.historyOf(policy), 0, String(limit - 1)));
  }

  async openFirings(): Promise<readonly FiringRecord[]> {
    return this.#firings(await this.#redis.zrange(this.#keys.open, 0, '-1'));
  }

  async endedFirings(limit: number): Promise<readonly string[]> {
    return this.#redis.zrange(this.#keys.ended, 0, String(limit - 1));
  }

  async forgetEnded(ids: readonly string[]): Promise<void> {
    if (ids.length > 0) await this.#redis.zrem(this.#keys.ended, ...ids);
  }

  async *runsOfFiring(firingId: string, onUnreadable?: (error: UnreadableRecordError) => void): AsyncGenerator<readonly StoredRun[]> {
    let cursor = '0';
    do {
      const [next, flat] = await this.#redis.hscan(this.#keys.runsOf(firingId), cursor, 'COUNT', PAGE);
      cursor = next;
      yield Object.entries(pairs(flat)).flatMap(([field, stored]) => {
        try {
          return [decodeRun(`r${firingId}${field}`, stored)];
        } catch (error) {
          if (!(error instanceof UnreadableRecordError) || onUnreadable === undefined) throw error;
          onUnreadable(error);
          return [];
        }
      });
    } while (cursor !== '0');
  }

  async run(runId: string): Promise<(StoredRun & { readonly firing: Firing }) | null> {
    const parts = partsOfRunId(runId);
    if (parts === null) return null;
    const [stored, hash] = await Promise.all([
      this.#redis.hget(this.#keys.runsOf(parts.firingId), parts.volumeKey),
      this.#redis.hgetall(this.#keys.firing(parts.firingId)),
    ]);
    const firing = decodeFiring(parts.firingId, hash);
    return stored === null || firing === null ? null : { ...decodeRun(runId, stored), firing };
  }

  async runsById(runIds: readonly string[]): Promise<ReadonlyMap<string, StoredRun & { readonly firing: Firing }>> {
    const found = new Map<string, StoredRun & { readonly firing: Firing }>();
    const byFiring = Map.groupBy(runIds, (runId) => partsOfRunId(runId)?.firingId ?? null);
    for (const [firingId, ids] of byFiring) {
      const firing = firingId === null ? null : await this.firing(firingId);
      if (firing === null) continue;
      for (let from = 0; from < ids.length; from += PAGE) {
        const page = ids.slice(from, from + PAGE);
        const stored = await this.#redis.hmget(this.#keys.runsOf(firing.id), ...page.map(volumeKey));
        for (const [index, runId] of page.entries()) {
          const record = stored[index] ?? null;
          const run = record === null ? null : readable(runId, record);
          if (run !== null) found.set(runId, { ...run, firing });
        }
      }
    }
    return found;
  }

  async runsOn(firingId: string, volumeIds: readonly string[]): Promise<readonly Run[]> {
    if (volumeIds.length === 0) return [];
    const runIds = volumeIds.map((volumeId) => runIdIn(firingId, volumeId));
    const stored = await this.#redis.hmget(this.#keys.runsOf(firingId), ...runIds.map(volumeKey));
    return runIds.flatMap((runId, index) => {
      const record = stored[index] ?? null;
      return record === null ? [] : [decodeRun(runId, record).run];
    });
  }

  async runs(query: RunQuery): Promise<RunPage> {
    return queryRuns(this.#redis, this.#keys, query);
  }

  async saveRun(firing: Firing, run: Run, revision: number): Promise<number | null> {
    const saved = await this.#save(firing, run, revision);
    return saved === null ? null : saved.revision;
  }

  async endRun(firing: Firing, run: Run & { outcome: EndedOutcome }, revision: number, goodAt?: Instant): Promise<{ finished: FiringRecord | null } | null> {
    return this.#save(firing, run, revision, goodAt);
  }

  async watched(target: string, limit: number): Promise<readonly string[]> {
    return this.#redis.zrange(this.#keys.watched(target), 0, String(limit - 1));
  }

  async unwatch(target: string, runId: string): Promise<void> {
    await this.#redis.zrem(this.#keys.watched(target), runId);
  }

  async holdVolume(target: string, volumeId: string, runId: string, ttl: DurationMs): Promise<string> {
    return String(await this.#scripts.run(scripts.HOLD, [this.#keys.hold(target, volumeId)], [runId, ttl]));
  }

  async releaseVolume(target: string, volumeId: string, runId: string): Promise<void> {
    await this.#scripts.run(scripts.RELEASE, [this.#keys.hold(target, volumeId)], [runId]);
  }

  async setCovered(policy: string, volumeIds: readonly string[], at: Instant): Promise<void> {
    const [seen, good, dated] = [this.#keys.seen(policy), this.#keys.good(policy), this.#keys.dated(policy)];
    const covered = new Set(volumeIds);
    const known = new Set(await this.#redis.zrange(dated, 0, '-1'));
    const gone = [...known].filter((id) => !covered.has(id));
    const fresh = volumeIds.filter((id) => !known.has(id));
    for (let from = 0; from < fresh.length; from += PAGE) {
      await this.#scripts.run(scripts.COVER, [seen, good, dated], [at, ...fresh.slice(from, from + PAGE)]);
    }
    for (let from = 0; from < gone.length; from += PAGE) {
      await this.#scripts.run(scripts.UNCOVER, [seen, good, dated], gone.slice(from, from + PAGE));
    }
  }

  async markGood(policy: string, volumeId: string, createdAt: Instant): Promise<void> {
    await this.#scripts.run(scripts.MARK_GOOD, [this.#keys.good(policy), this.#keys.dated(policy)], [volumeId, createdAt]);
  }

  async lastGoodOf(policy: string, volumeIds: readonly string[]): Promise<ReadonlyMap<string, Instant>> {
    const known = new Map<string, Instant>();
    for (let from = 0; from < volumeIds.length; from += PAGE) {
      const page = volumeIds.slice(from, from + PAGE);
      const good = await this.#redis.hmget(this.#keys.good(policy), ...page);
      for (const [index, id] of page.entries()) {
        const at = good[index] ?? null;
        if (at !== null) known.set(id, instant(Number(at)));
      }
    }
    return known;
  }

  async protections(policy: string): Promise<readonly Protection[]> {
    const [seen, good] = await Promise.all([this.#redis.hgetall(this.#keys.seen(policy)), this.#redis.hgetall(this.#keys.good(policy))]);
    return Object.entries(seen).map(([volumeId, at]) => {
      const lastGood = good[volumeId];
      return { volumeId, firstSeenAt: instant(Number(at)), lastGoodAt: lastGood === undefined ? null : instant(Number(lastGood)) };
    });
  }

  async standings(asked: readonly { policy: string; overdueUntil: Instant }[]): Promise<readonly PolicyStanding[]> {
    const standings: PolicyStanding[] = [];
    for (let from = 0; from < asked.length; from += STANDINGS_PAGE) {
      const page = asked.slice(from, from + STANDINGS_PAGE);
      const keys = page.flatMap(({ policy }) => [this.#keys.policy(policy), this.#keys.historyOf(policy), this.#keys.dated(policy)]);
      const reply = await this.#scripts.run(scripts.STANDINGS, keys, page.map(({ overdueUntil }) => overdueUntil));
      if (!Array.isArray(reply)) throw new Error('the standing of the policies cannot be read');
      standings.push(...reply.map(decodeStanding));
    }
    return standings;
  }

  /** Asked through a key, so that a Cluster answers with the node that holds our slot. Where INFO is forbidden the store counts as one. */
  async #readStoreId(): Promise<string> {
    const answer = await this.#scripts.run(scripts.STORE_ID, [this.#keys.inUse], []);
    return typeof answer === 'string' ? answer : '';
  }

  async #firings(ids: readonly string[]): Promise<readonly FiringRecord[]> {
    const found = await Promise.all(ids.map((id) => this.firing(id)));
    return found.filter((firing) => firing !== null);
  }

  #firingKeys({ id, policy }: Firing): string[] {
    const { firing, open, history, historyOf } = this.#keys;
    return [firing(id), open, history, historyOf(policy)];
  }

  #firing(id: string, reply: unknown): FiringRecord {
    const firing = Array.isArray(reply) ? decodeFiring(id, pairs(reply.map(String))) : null;
    if (firing === null) throw new Error(`the record of firing ${id} cannot be read`);
    return firing;
  }

  async #save(firing: Firing, run: Run, revision: number, goodAt?: Instant): Promise<{ revision: number; finished: FiringRecord | null } | null> {
    const { firing: key, runsOf, open, watched, ended, hold, good, dated } = this.#keys;
    const { phase, outcome } = letters(run);
    const reply = await this.#scripts.run(
      scripts.SAVE_RUN,
      [key(firing.id), runsOf(firing.id), open, watched(firing.target), ended, hold(firing.target, run.volumeId), good(firing.policy), dated(firing.policy)],
      [firing.id, this.#clock.now(), volumeKey(run.id), run.id, revision, phase, outcome, encodeRun(run), ...(goodAt === undefined ? [] : [run.volumeId, goodAt])],
    );
    if (!Array.isArray(reply)) return null;
    return { revision: Number(reply[0]), finished: reply[1] === 1 ? this.#firing(firing.id, reply[2]) : null };
  }
}

function readable(runId: string, record: string): StoredRun | null {
  try {
    return decodeRun(runId, record);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return null;
    throw error;
  }
}

function volumeKey(runId: string): string {
  const parts = partsOfRunId(runId);
  if (parts === null) throw new Error(`not a run id: ${runId}`);
  return parts.volumeKey;
}
