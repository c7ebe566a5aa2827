import type { RetentionDecision } from '#domain/retention/decide-retention';
import type { Instant } from '#domain/time';

/** A volume that has a new good snapshot under a policy, so that an older one may have expired. */
export interface VolumeToPrune {
  readonly policy: string;
  readonly volumeId: string;
  /** When it was noted last. */
  readonly since: Instant;
}

/** The cloud's own words. */
export interface DeleteRefusal {
  readonly httpStatus: number | null;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
}

/** A delete that was asked for, until the cloud shows what became of it. */
export interface PendingDelete {
  readonly snapshotId: string;
  readonly policy: string;
  readonly volumeId: string;
  readonly due: Instant;
  readonly runId: string;
  readonly cause: NonNullable<RetentionDecision['cause']>;
  readonly reasons: readonly string[];
  /** Recorded before the call is sent. */
  readonly recordedAt: Instant;
  /** When the cloud accepted it; null where that is not known. */
  readonly acceptedAt: Instant | null;
  /** What the cloud said last against it. */
  readonly said: DeleteRefusal | null;
  /** How often it has come to nothing after it was accepted. */
  readonly failures: number;
  /** Not to be looked at before. */
  readonly lookAt: Instant;
}

/** A prune that was stopped because it would delete too much at once. */
export interface Brake {
  readonly policy: string;
  readonly target: string;
  /** Of the policy: a changed one lifts the brake. */
  readonly revision: string;
  readonly reason: string;
  readonly good: number;
  readonly expired: number;
  readonly since: Instant;
}

/**
 * What is to be pruned, what is being deleted and what is braked, shared by all replicas. All of it may be lost: the slow
 * sweep finds again what has expired, and what is being deleted is gone or decided about anew. Every method may throw
 * where the store is away.
 */
export interface PruneBook {
  note(target: string, volume: VolumeToPrune): Promise<void>;
  /** Those noted longest ago first. */
  noted(target: string, limit: number): Promise<readonly VolumeToPrune[]>;
  /** They are dealt with, but for one that was noted again since. */
  strike(target: string, volumes: readonly VolumeToPrune[]): Promise<void>;

  /** Records deletes; returns the ids of those that were not on record already: they are the caller's to carry out. */
  begin(target: string, deletes: readonly PendingDelete[]): Promise<ReadonlySet<string>>;
  pending(target: string): Promise<readonly PendingDelete[]>;
  /** Changes those that are on record. */
  update(target: string, deletes: readonly PendingDelete[]): Promise<void>;
  /** Takes these off the record; returns those that were on it: what became of them is the caller's to tell. */
  end(target: string, snapshotIds: readonly string[]): Promise<ReadonlySet<string>>;

  brakes(): Promise<ReadonlyMap<string, Brake>>;
  /** False where the policy is braked already in this revision; then that brake stays. */
  brake(brake: Brake): Promise<boolean>;
  lift(policy: string): Promise<void>;
}
