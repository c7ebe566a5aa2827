import { partsOfRunId, runIdIn } from '#domain/naming/run-id';
import type { EndedOutcome, Firing, Run } from '#domain/run';
import { instant } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Clock } from '#app/ports/clock';
import type { FiringRecord, Ledger, PolicyState, Protection, RunPage, RunQuery, StoredRun } from '#app/ports/ledger';
import type { RedisClient } from './connect.ts';
import { trimHistory } from './history-limit.ts';
import { keysOf } from './keys.ts';
import type { Keys } from './keys.ts';
import { decodeFiring, decodeRun, encodeFiring, encodeRun, letters, newRecord, pairs } from './run-codec.ts';
import { queryRuns } from './run-query.ts';
import { ScriptRunner } from './script-runner.ts';
import * as scripts from './scripts.ts';

/** Entries read from a large hash in one step. */
const PAGE = 500;

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
      const { watermark, schedule, paused, rebuilt } = hashes[index] ?? {};
      if (watermark === undefined || schedule === undefined) continue;
      states.set(name, { watermark: instant(Number(watermark)), scheduleKey: schedule, paused: paused === '1', ...(rebuilt === undefined ? {} : { rebuiltAt: instant(Number(rebuilt)) }) });
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

  async setPaused(name: string, paused: boolean): Promise<void> {
    if (paused) await this.#redis.hset(this.#keys.policy(name), 'paused', '1');
    else await this.#redis.hdel(this.#keys.policy(name), 'paused');
  }

  async acquireLease(name: string, holder: string, ttl: DurationMs): Promise<boolean> {
    return (await this.#scripts.run(scripts.HOLD, [this.#keys.lease(name)], [holder, ttl])) === holder;
  }

  async releaseLease(name: string, holder: string): Promise<void> {
    await this.#scripts.run(scripts.RELEASE, [this.#keys.lease(name)], [holder]);
  }

  async openFiring(firing: Firing): Promise<FiringRecord> {
    const { firing: key, open, history, historyOf } = this.#keys;
    const keys = [key(firing.id), open, history, historyOf(firing.policy)];
    return this.#firing(firing.id, await this.#scripts.run(scripts.OPEN_FIRING, keys, [firing.id, firing.due, ...encodeFiring(firing)]));
  }

  async addRuns(firing: Firing, runs: readonly Run[]): Promise<void> {
    const args = runs.flatMap((run) => [volumeKey(run.id), newRecord(run)]);
    if (args.length > 0) await this.#scripts.run(scripts.ADD_RUNS, [this.#keys.runsOf(firing.id)], args);
  }

  async closeFiring(firing: Firing): Promise<FiringRecord> {
    const keys = [this.#keys.firing(firing.id), this.#keys.runsOf(firing.id), this.#keys.open];
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

  async *runsOfFiring(firingId: string): AsyncGenerator<readonly StoredRun[]> {
    let cursor = '0';
    do {
      const [next, flat] = await this.#redis.hscan(this.#keys.runsOf(firingId), cursor, 'COUNT', PAGE);
      cursor = next;
      yield Object.entries(pairs(flat)).map(([field, stored]) => decodeRun(`r${firingId}${field}`, stored));
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

  async endRun(firing: Firing, run: Run & { outcome: EndedOutcome }, revision: number): Promise<{ finished: FiringRecord | null } | null> {
    return this.#save(firing, run, revision);
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
    const [seen, good] = [this.#keys.seen(policy), this.#keys.good(policy)];
    const covered = new Set(volumeIds);
    const known = new Set(await this.#redis.hkeys(seen));
    const gone = [...known].filter((id) => !covered.has(id));
    const fresh = volumeIds.filter((id) => !known.has(id));
    for (let from = 0; from < fresh.length; from += PAGE) {
      await this.#redis.hset(seen, ...fresh.slice(from, from + PAGE).flatMap((id) => [id, String(at)]));
    }
    for (let from = 0; from < gone.length; from += PAGE) {
      const ids = gone.slice(from, from + PAGE);
      await Promise.all([this.#redis.hdel(seen, ...ids), this.#redis.hdel(good, ...ids)]);
    }
  }

  async markGood(policy: string, volumeId: string, createdAt: Instant): Promise<void> {
    await this.#scripts.run(scripts.MARK_GOOD, [this.#keys.good(policy)], [volumeId, createdAt]);
  }

  async protections(policy: string): Promise<readonly Protection[]> {
    const [seen, good] = await Promise.all([this.#redis.hgetall(this.#keys.seen(policy)), this.#redis.hgetall(this.#keys.good(policy))]);
    return Object.entries(seen).map(([volumeId, at]) => {
      const lastGood = good[volumeId];
      return { volumeId, firstSeenAt: instant(Number(at)), lastGoodAt: lastGood === undefined ? null : instant(Number(lastGood)) };
    });
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

  #firing(id: string, reply: unknown): FiringRecord {
    const firing = Array.isArray(reply) ? decodeFiring(id, pairs(reply.map(String))) : null;
    if (firing === null) throw new Error(`the record of firing ${id} cannot be read`);
    return firing;
  }

  async #save(firing: Firing, run: Run, revision: number): Promise<{ revision: number; finished: FiringRecord | null } | null> {
    const { firing: key, runsOf, open, watched } = this.#keys;
    const { phase, outcome } = letters(run);
    const reply = await this.#scripts.run(
      scripts.SAVE_RUN,
      [key(firing.id), runsOf(firing.id), open, watched(firing.target)],
      [firing.id, this.#clock.now(), volumeKey(run.id), run.id, revision, phase, outcome, encodeRun(run)],
    );
    if (!Array.isArray(reply)) return null;
    return { revision: Number(reply[0]), finished: reply[1] === 1 ? this.#firing(firing.id, reply[2]) : null };
  }
}

function volumeKey(runId: string): string {
  const parts = partsOfRunId(runId);
  if (parts === null) throw new Error(`not a run id: ${runId}`);
  return parts.volumeKey;
}
