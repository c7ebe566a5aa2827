import type { Clock } from '#app/ports/clock';
import type { FiringRecord, FiringRequest, Ledger, PolicyStanding, PolicyState, Protection, RunPage, RunQuery, StoredRun } from '#app/ports/ledger';
import { OUTCOMES } from '#domain/run';
import type { EndedOutcome, Firing, Outcome, Run } from '#domain/run';
import { addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';

interface FakeFiring {
  readonly firing: Firing;
  total: number | null;
  finishedAt: Instant | null;
  readonly runs: Map<string, StoredRun>;
}

interface Held {
  readonly holder: string;
  readonly until: Instant;
}

/** The ledger in memory. Counts are counted from the runs each time, so that they are an oracle for counters kept elsewhere. */
export class FakeLedger implements Ledger {
  readonly #clock: Clock;
  readonly #policies = new Map<string, { watermark: Instant; scheduleKey: string; rebuiltAt?: Instant }>();
  readonly #paused = new Map<string, Instant>();
  readonly #requests = new Map<string, FiringRequest>();
  readonly #held = new Map<string, Held>();
  readonly #firings = new Map<string, FakeFiring>();
  readonly #ended = new Set<string>();
  readonly #watched = new Map<string, Map<string, Instant>>();
  readonly #seen = new Map<string, Map<string, Instant>>();
  readonly #good = new Map<string, Map<string, Instant>>();
  #isInUse = false;
  /** The store's clock runs this much ahead of the clock of the process. */
  skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async markInUse(): Promise<boolean> {
    const wasNew = !this.#isInUse;
    this.#isInUse = true;
    return wasNew;
  }

  /** Changed by a test: the store was restarted. */
  store = 'store-1';

  async storeId(): Promise<string> {
    return this.store;
  }

  async now(): Promise<Instant> {
    return addMs(this.#clock.now(), this.skewMs);
  }

  async policyStates(names: readonly string[]): Promise<ReadonlyMap<string, PolicyState>> {
    const states = new Map<string, PolicyState>();
    for (const name of names) {
      const state = this.#policies.get(name);
      if (state !== undefined) states.set(name, { ...state });
    }
    return states;
  }

  async startPolicy(name: string, state: { watermark: Instant; scheduleKey: string; rebuiltAt?: Instant }): Promise<boolean> {
    if (this.#policies.has(name)) return false;
    this.#policies.set(name, { ...state });
    return true;
  }

  async advanceWatermark(name: string, scheduleKey: string, to: Instant): Promise<boolean> {
    const state = this.#policies.get(name);
    if (state === undefined || state.scheduleKey !== scheduleKey || state.watermark >= to) return false;
    state.watermark = to;
    return true;
  }

  async changeSchedule(name: string, from: string, to: string, at: Instant): Promise<boolean> {
    const state = this.#policies.get(name);
    if (state?.scheduleKey !== from) return false;
    this.#policies.set(name, { watermark: at, scheduleKey: to });
    return true;
  }

  async pausedPolicies(): Promise<ReadonlyMap<string, Instant>> {
    return new Map(this.#paused);
  }

  async pause(name: string, at: Instant): Promise<void> {
    if (!this.#paused.has(name)) this.#paused.set(name, at);
  }

  async resume(name: string): Promise<Instant | null> {
    const since = this.#paused.get(name) ?? null;
    this.#paused.delete(name);
    return since;
  }

  async acquireLease(name: string, holder: string, ttl: DurationMs): Promise<boolean> {
    return this.#hold(`lease ${name}`, holder, ttl) === holder;
  }

  async releaseLease(name: string, holder: string): Promise<void> {
    this.#release(`lease ${name}`, holder);
  }

  async requestFiring(firing: Firing, only: readonly string[] | null): Promise<boolean> {
    if (this.#firings.has(firing.id)) return false;
    await this.openFiring(firing);
    this.#requests.set(firing.id, { firingId: firing.id, only });
    return true;
  }

  async requestedFirings(): Promise<readonly FiringRequest[]> {
    return [...this.#requests.values()];
  }

  async forgetRequest(firingId: string): Promise<void> {
    this.#requests.delete(firingId);
  }

  async openFiring(firing: Firing): Promise<FiringRecord> {
    const known = this.#firings.get(firing.id);
    if (known !== undefined) return record(known);
    const { id, policy, target, due, trigger, plannedAt, storeId } = firing;
    const opened: FakeFiring = { firing: { id, policy, target, due, trigger, plannedAt, ...(storeId === undefined ? {} : { storeId }) }, total: null, finishedAt: null, runs: new Map() };
    this.#firings.set(id, opened);
    return record(opened);
  }

  async addRuns(firing: Firing, runs: readonly Run[]): Promise<void> {
    const known = this.#known(firing.id);
    for (const run of runs) if (!known.runs.has(run.id)) known.runs.set(run.id, { run, revision: 1 });
  }

  async closeFiring(firing: Firing): Promise<FiringRecord> {
    const known = this.#known(firing.id);
    known.total ??= known.runs.size;
    this.#finishIfEnded(known);
    return record(known);
  }

  async firing(id: string): Promise<FiringRecord | null> {
    const known = this.#firings.get(id);
    return known === undefined ? null : record(known);
  }

  async firings(policy: string, limit: number): Promise<readonly FiringRecord[]> {
    return this.#newestFirst().filter(({ firing }) => firing.policy === policy).slice(0, limit).map(record);
  }

  async openFirings(): Promise<readonly FiringRecord[]> {
    return this.#newestFirst().filter(({ finishedAt }) => finishedAt === null).toReversed().map(record);
  }

  async endedFirings(limit: number): Promise<readonly string[]> {
    return [...this.#ended].slice(0, limit);
  }

  async forgetEnded(ids: readonly string[]): Promise<void> {
    for (const id of ids) this.#ended.delete(id);
  }

  async *runsOfFiring(firingId: string): AsyncGenerator<readonly StoredRun[]> {
    yield [...(this.#firings.get(firingId)?.runs.values() ?? [])];
  }

  async run(runId: string): Promise<(StoredRun & { readonly firing: Firing }) | null> {
    for (const known of this.#firings.values()) {
      const stored = known.runs.get(runId);
      if (stored !== undefined) return { ...stored, firing: record(known) };
    }
    return null;
  }

  async runsById(runIds: readonly string[]): Promise<ReadonlyMap<string, StoredRun & { readonly firing: Firing }>> {
    const found = await Promise.all(runIds.map(async (runId) => [runId, await this.run(runId)] as const));
    return new Map(found.flatMap(([runId, stored]) => (stored === null ? [] : [[runId, stored] as const])));
  }

  async runs(query: RunQuery): Promise<RunPage> {
    const after = query.after === undefined ? null : parseCursor(query.after);
    const found: { run: Run; firing: Firing }[] = [];
    for (const known of this.#newestFirst()) {
      const { firing } = known;
      if (query.policy !== undefined && firing.policy !== query.policy) continue;
      if (query.since !== undefined && firing.due < query.since) continue;
      for (const { run } of [...known.runs.values()].toSorted((a, b) => compare(a.run.id, b.run.id))) {
        if (query.volumeId !== undefined && run.volumeId !== query.volumeId) continue;
        if (query.outcome !== undefined && run.outcome !== query.outcome) continue;
        if (after !== null && !isAfter({ due: firing.due, firingId: firing.id, runId: run.id }, after)) continue;
        found.push({ run, firing: record(known) });
      }
    }
    const runs = found.slice(0, query.limit);
    const last = runs.at(-1);
    return { runs, next: last === undefined || found.length <= query.limit ? null : `${last.firing.due}/${last.firing.id}/${last.run.id}` };
  }

  async runsOn(firingId: string, volumeIds: readonly string[]): Promise<readonly Run[]> {
    const runs = [...(this.#firings.get(firingId)?.runs.values() ?? [])].map(({ run }) => run);
    return runs.filter(({ volumeId }) => volumeIds.includes(volumeId));
  }

  async saveRun(firing: Firing, run: Run, revision: number): Promise<number | null> {
    return this.#save(firing, run, revision)?.revision ?? null;
  }

  async endRun(firing: Firing, run: Run & { outcome: EndedOutcome }, revision: number, goodAt?: Instant): Promise<{ finished: FiringRecord | null } | null> {
    const saved = this.#save(firing, run, revision);
    if (saved !== null && goodAt !== undefined) await this.markGood(firing.policy, run.volumeId, goodAt);
    return saved;
  }

  async watched(target: string, limit: number): Promise<readonly string[]> {
    const entries = [...(this.#watched.get(target) ?? [])];
    return entries.toSorted(([a, atA], [b, atB]) => atA - atB || compare(a, b)).slice(0, limit).map(([runId]) => runId);
  }

  async unwatch(target: string, runId: string): Promise<void> {
    this.#watched.get(target)?.delete(runId);
  }

  async holdVolume(target: string, volumeId: string, runId: string, ttl: DurationMs): Promise<string> {
    return this.#hold(`volume ${target} ${volumeId}`, runId, ttl);
  }

  async releaseVolume(target: string, volumeId: string, runId: string): Promise<void> {
    this.#release(`volume ${target} ${volumeId}`, runId);
  }

  async setCovered(policy: string, volumeIds: readonly string[], at: Instant): Promise<void> {
    const seen = entry(this.#seen, policy);
    for (const id of [...seen.keys()].filter((each) => !volumeIds.includes(each))) {
      seen.delete(id);
      entry(this.#good, policy).delete(id);
    }
    for (const id of volumeIds) if (!seen.has(id)) seen.set(id, at);
  }

  async markGood(policy: string, volumeId: string, createdAt: Instant): Promise<void> {
    const good = entry(this.#good, policy);
    if ((good.get(volumeId) ?? -Infinity) < createdAt) good.set(volumeId, createdAt);
  }

  async lastGoodOf(policy: string, volumeIds: readonly string[]): Promise<ReadonlyMap<string, Instant>> {
    const good = entry(this.#good, policy);
    return new Map([...good].filter(([id]) => volumeIds.includes(id)));
  }

  async protections(policy: string): Promise<readonly Protection[]> {
    const good = entry(this.#good, policy);
    return [...entry(this.#seen, policy)].map(([volumeId, firstSeenAt]) => ({ volumeId, firstSeenAt, lastGoodAt: good.get(volumeId) ?? null }));
  }

  async standings(asked: readonly { policy: string; overdueUntil: Instant }[]): Promise<readonly PolicyStanding[]> {
    return Promise.all(asked.map(async ({ policy, overdueUntil }) => {
      const [states, [last], protections] = await Promise.all([this.policyStates([policy]), this.firings(policy, 1), this.protections(policy)]);
      const dates = protections.map(({ lastGoodAt, firstSeenAt }) => lastGoodAt ?? firstSeenAt).toSorted((a, b) => a - b);
      const state = states.get(policy);
      return {
        state: state === undefined ? null : { watermark: state.watermark, scheduleKey: state.scheduleKey },
        lastDue: last?.due ?? null,
        volumes: dates.length,
        overdue: dates.filter((date) => date <= overdueUntil).length,
        oldestAt: dates[0] ?? null,
      };
    }));
  }

  #hold(key: string, holder: string, ttl: DurationMs): string {
    const held = this.#held.get(key);
    if (held !== undefined && held.until > this.#clock.now() && held.holder !== holder) return held.holder;
    this.#held.set(key, { holder, until: addMs(this.#clock.now(), ttl) });
    return holder;
  }

  #release(key: string, holder: string): void {
    if (this.#held.get(key)?.holder === holder) this.#held.delete(key);
  }

  #known(firingId: string): FakeFiring {
    const known = this.#firings.get(firingId);
    if (known === undefined) throw new Error(`firing ${firingId} is not open`);
    return known;
  }

  #newestFirst(): FakeFiring[] {
    return [...this.#firings.values()].toSorted((a, b) => b.firing.due - a.firing.due || compare(b.firing.id, a.firing.id));
  }

  #save(firing: Firing, run: Run, revision: number): { revision: number; finished: FiringRecord | null } | null {
    const known = this.#firings.get(firing.id);
    const stored = known?.runs.get(run.id);
    if (known === undefined || stored?.revision !== revision) return null;
    known.runs.set(run.id, { run, revision: revision + 1 });
    if (stored.run.phase !== 'creating' && run.phase === 'creating') entry(this.#watched, firing.target).set(run.id, this.#clock.now());
    if (stored.run.phase === 'creating' && run.phase !== 'creating') this.#watched.get(firing.target)?.delete(run.id);
    if (run.phase === 'ended') this.#release(`volume ${firing.target} ${run.volumeId}`, run.id);
    return { revision: revision + 1, finished: this.#finishIfEnded(known) ? record(known) : null };
  }

  #finishIfEnded(known: FakeFiring): boolean {
    if (known.total === null || known.finishedAt !== null) return false;
    if ([...known.runs.values()].some(({ run }) => run.outcome === 'pending')) return false;
    known.finishedAt = this.#clock.now();
    this.#ended.add(known.firing.id);
    return true;
  }
}

function record({ firing, total, finishedAt, runs }: FakeFiring): FiringRecord {
  const all = [...runs.values()].map(({ run }) => run);
  const counts = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, all.filter((run) => run.outcome === outcome).length]));
  const creating = all.filter((run) => run.phase === 'creating' && run.outcome === 'pending').length;
  return { ...firing, total, counts: { ...(counts as Record<Outcome, number>), ...(total === null ? { pending: 0 } : {}) }, creating, finishedAt };
}

function entry(map: Map<string, Map<string, Instant>>, key: string): Map<string, Instant> {
  const known = map.get(key) ?? new Map<string, Instant>();
  map.set(key, known);
  return known;
}

interface Place {
  readonly due: number;
  readonly firingId: string;
  readonly runId: string;
}

function isAfter(place: Place, cursor: Place): boolean {
  return cursor.due - place.due > 0 || (cursor.due === place.due && (compare(cursor.firingId, place.firingId) || compare(place.runId, cursor.runId)) > 0);
}

function parseCursor(text: string): Place {
  const [due, firingId, runId, ...rest] = text.split('/');
  if (due === undefined || firingId === undefined || runId === undefined || rest.length > 0) throw new RangeError('not the `next` of an earlier answer');
  return { due: Number(due), firingId, runId };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
