import type { EndedOutcome, Firing, Outcome, Run, RunCounts } from '#domain/run';
import type { DurationMs, Instant } from '#domain/time';

/** What the ledger keeps of a policy between due times. */
export interface PolicyState {
  /** Every due time up to and including this one has been dealt with. */
  readonly watermark: Instant;
  /** Identity of the schedule the watermark belongs to. */
  readonly scheduleKey: string;
  /** Paused by command; a policy file has a `paused` of its own. */
  readonly paused: boolean;
  /** When the record was last rebuilt after a loss: runs due until then may have begun before. Absent where it never was. */
  readonly rebuiltAt?: Instant;
}

/** A firing with what became of it so far. */
export interface FiringRecord extends Firing {
  /** Null until all its runs are recorded and queued. */
  readonly total: number | null;
  readonly counts: RunCounts;
  /** Runs whose snapshot is being made; part of `pending`. */
  readonly creating: number;
  readonly finishedAt: Instant | null;
}

/** A run with the revision of its record: a save from an older revision is refused. */
export interface StoredRun {
  readonly run: Run;
  readonly revision: number;
}

export interface RunQuery {
  readonly policy?: string;
  readonly volumeId?: string;
  readonly outcome?: Outcome;
  /** Runs due at or after this. */
  readonly since?: Instant;
  readonly limit: number;
  /** The `next` of an earlier answer. */
  readonly after?: string;
}

export interface RunPage {
  readonly runs: readonly { readonly run: Run; readonly firing: Firing }[];
  readonly next: string | null;
}

/** The newest good snapshot of a volume under a policy, or since when the policy has known the volume without one. */
export interface Protection {
  readonly volumeId: string;
  readonly lastGoodAt: Instant | null;
  readonly firstSeenAt: Instant;
}

/**
 * The shared record of what is due, under way and done: the truth that survives any process. The queue only carries
 * run ids to workers; whoever gets one reads here what there is left to do. Every method may throw where the store is
 * away; nothing is then half done that a repetition would not complete.
 */
export interface Ledger {
  /** Leaves a mark that this store is in use; true where there was none: the store is new, or has lost everything. */
  markInUse(): Promise<boolean>;

  /**
   * Identity of the store's process. It changes when the store is restarted or another takes over, and then the last words
   * written before may be lost.
   */
  storeId(): Promise<string>;

  /** The store's clock, the same for all replicas. */
  now(): Promise<Instant>;

  policyStates(names: readonly string[]): Promise<ReadonlyMap<string, PolicyState>>;
  /** Starts the record of a policy; false where there is one already. */
  startPolicy(name: string, state: { watermark: Instant; scheduleKey: string; rebuiltAt?: Instant }): Promise<boolean>;
  /** Moves the watermark forward, never back; false where it already stands at or beyond `to`, or the schedule is another. */
  advanceWatermark(name: string, scheduleKey: string, to: Instant): Promise<boolean>;
  /** A changed schedule: from `at` on. False where another replica has already done it. */
  changeSchedule(name: string, from: string, to: string, at: Instant): Promise<boolean>;
  setPaused(name: string, paused: boolean): Promise<void>;

  /** A right to do a piece of work that others should not do at the same time; only ever saves work. False where another holds it. */
  acquireLease(name: string, holder: string, ttl: DurationMs): Promise<boolean>;
  releaseLease(name: string, holder: string): Promise<void>;

  /** Records the firing if it is new, and returns it as it stands. */
  openFiring(firing: Firing): Promise<FiringRecord>;
  /** Records the runs that are not recorded yet. */
  addRuns(firing: Firing, runs: readonly Run[]): Promise<void>;
  /** All runs are recorded and queued: their number is final from here on. */
  closeFiring(firing: Firing): Promise<FiringRecord>;
  firing(id: string): Promise<FiringRecord | null>;
  /** Firings of a policy, newest due time first. */
  firings(policy: string, limit: number): Promise<readonly FiringRecord[]>;
  /** Firings that have runs not ended. */
  openFirings(): Promise<readonly FiringRecord[]>;
  /** Pages over the runs of a firing, in no order. */
  runsOfFiring(firingId: string): AsyncIterable<readonly StoredRun[]>;

  run(runId: string): Promise<(StoredRun & { readonly firing: Firing }) | null>;
  runs(query: RunQuery): Promise<RunPage>;
  /** The runs that a firing has of these volumes, in no order. */
  runsOn(firingId: string, volumeIds: readonly string[]): Promise<readonly Run[]>;
  /** Null where the record has changed since `revision`: the caller is out of date and has to stop. Else the new revision. */
  saveRun(firing: Firing, run: Run, revision: number): Promise<number | null>;
  /** As saveRun for a run that has ended; `finished` is the firing where this ended it too. */
  endRun(firing: Firing, run: Run & { outcome: EndedOutcome }, revision: number): Promise<{ readonly finished: FiringRecord | null } | null>;

  /** Runs of a target whose snapshot is being made, oldest first. */
  watched(target: string, limit: number): Promise<readonly string[]>;
  /** Takes a run off that list whose record is gone. */
  unwatch(target: string, runId: string): Promise<void>;

  /** One creation per volume at a time: the run that holds the volume, this one where it was free. Renews where it is held by the same run. */
  holdVolume(target: string, volumeId: string, runId: string, ttl: DurationMs): Promise<string>;
  releaseVolume(target: string, volumeId: string, runId: string): Promise<void>;

  /** The volumes a policy now covers: new ones are noted as first seen at `at`, absent ones forgotten. */
  setCovered(policy: string, volumeIds: readonly string[], at: Instant): Promise<void>;
  markGood(policy: string, volumeId: string, createdAt: Instant): Promise<void>;
  protections(policy: string): Promise<readonly Protection[]>;
}
