import type { EndedOutcome, Firing, Outcome, Run, RunCounts } from '#domain/run';
import type { DurationMs, Instant } from '#domain/time';
import type { UnreadableRecordError } from './unreadable-record.ts';

/** What the ledger keeps of a policy between due times. */
export interface PolicyState {
  /** Every due time up to and including this one has been dealt with. */
  readonly watermark: Instant;
  /** Identity of the schedule the watermark belongs to. */
  readonly scheduleKey: string;
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

/** A firing that somebody asked for. */
export interface FiringRequest {
  readonly firingId: string;
  /** Only these volumes of the policy; null is all of them. */
  readonly only: readonly string[] | null;
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

/** Where a policy stands, in a few numbers: however many volumes it has, as quick to read. */
export interface PolicyStanding {
  /** Null where the policy's record has not been started. */
  readonly state: Pick<PolicyState, 'watermark' | 'scheduleKey'> | null;
  /** Of the newest firing. */
  readonly lastDue: Instant | null;
  readonly volumes: number;
  /** Volumes whose data is from `overdueUntil` or before. */
  readonly overdue: number;
  /** When the data of the worst volume is from: of its newest good snapshot, or without one since when the volume is known. */
  readonly oldestAt: Instant | null;
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
  /** Policies paused by command, and since when; a policy file has a `paused` of its own. */
  pausedPolicies(): Promise<ReadonlyMap<string, Instant>>;
  /** Pauses a policy from `at` on, whether it has a record or not; one that is paused stays so from when it was. */
  pause(name: string, at: Instant): Promise<void>;
  /** Since when the policy was paused; null where it was not. */
  resume(name: string): Promise<Instant | null>;

  /** A right to do a piece of work that others should not do at the same time; only ever saves work. False where another holds it. */
  acquireLease(name: string, holder: string, ttl: DurationMs): Promise<boolean>;
  releaseLease(name: string, holder: string): Promise<void>;

  /**
   * Asks whoever schedules to plan a firing, for these volumes or (null) for all of its policy: records the firing and the
   * request in one step. False where such a firing is recorded already; then nothing is asked.
   */
  requestFiring(firing: Firing, only: readonly string[] | null): Promise<boolean>;
  /** What was asked for and is not planned yet. */
  requestedFirings(): Promise<readonly FiringRequest[]>;
  /** The firing is planned, or never will be. */
  forgetRequest(firingId: string): Promise<void>;

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
  /**
   * Ids of firings that have ended and were not forgotten since, those that ended first first. A firing is added in the very
   * step that ends it, so that its end can be told by whoever looks here, whatever becomes of the process that ended it.
   */
  endedFirings(limit: number): Promise<readonly string[]>;
  /** Takes firings off that list; their records stay. */
  forgetEnded(ids: readonly string[]): Promise<void>;
  /**
   * Pages over the runs of a firing, in no order. A record that cannot be read is left out where `onUnreadable` is there to
   * be told; else it throws UnreadableRecordError.
   */
  runsOfFiring(firingId: string, onUnreadable?: (error: UnreadableRecordError) => void): AsyncIterable<readonly StoredRun[]>;

  run(runId: string): Promise<(StoredRun & { readonly firing: Firing }) | null>;
  /** Of many runs at once, by id; those without a record that can be read are not among them. */
  runsById(runIds: readonly string[]): Promise<ReadonlyMap<string, StoredRun & { readonly firing: Firing }>>;
  runs(query: RunQuery): Promise<RunPage>;
  /** The runs that a firing has of these volumes, in no order. */
  runsOn(firingId: string, volumeIds: readonly string[]): Promise<readonly Run[]>;
  /** Null where the record has changed since `revision`: the caller is out of date and has to stop. Else the new revision. */
  saveRun(firing: Firing, run: Run, revision: number): Promise<number | null>;
  /**
   * As saveRun for a run that has ended; `finished` is the firing where this ended it too. In the same step the run lets go of
   * its volume, unless it is watched on (its phase is not `ended`), and where it has a good snapshot that is noted as by markGood.
   */
  endRun(firing: Firing, run: Run & { outcome: EndedOutcome }, revision: number, goodAt?: Instant): Promise<{ readonly finished: FiringRecord | null } | null>;

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
  /** When the newest good snapshot of each of these volumes was made; one without any is absent. */
  lastGoodOf(policy: string, volumeIds: readonly string[]): Promise<ReadonlyMap<string, Instant>>;
  protections(policy: string): Promise<readonly Protection[]>;
  /** In the order asked for. */
  standings(asked: readonly { readonly policy: string; readonly overdueUntil: Instant }[]): Promise<readonly PolicyStanding[]>;
}
