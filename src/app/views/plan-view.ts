/** A due time to come. */
export interface PlannedDueTime {
  readonly policy: string;
  readonly due: string;
  /** The same instant on the wall clock of the policy's zone, with its offset: `2026-11-24T02:00:00-03:00`. */
  readonly local: string;
  /** What a clock change does to this due time, in words; null where it does nothing. */
  readonly note: string | null;
}

export interface PlannedVolume {
  readonly id: string;
  readonly name: string | null;
  readonly snapshotName: string;
  /** Due time plus the volume's share of the spread. */
  readonly startsAt: string;
}

export interface PlannedPrune {
  readonly snapshotId: string;
  readonly volumeId: string;
  /** Null where the cloud says no time that can be read. */
  readonly createdAt: string | null;
  readonly action: 'keep' | 'delete' | 'ignore';
  readonly reasons: readonly string[];
}

/** What the next firing of a policy would do, and what prune would do now. */
export interface PolicyPlan {
  readonly policy: string;
  readonly target: string;
  /** The first due time at or after `from`, also beyond `to`; null where there is none. */
  readonly nextDue: string | null;
  readonly volumes: readonly PlannedVolume[];
  readonly prune: readonly PlannedPrune[];
  /** Why prune would stop for somebody to confirm; null where it would not. */
  readonly brake: string | null;
  /** Null where the cloud was left out or did not answer. */
  readonly apiCalls: number | null;
  readonly estimatedSeconds: number | null;
}

export interface UnprotectedVolume {
  readonly target: string;
  readonly id: string;
  readonly name: string | null;
}

/** A target that did not list everything: its policies are planned without volumes. */
export interface FailedTarget {
  readonly target: string;
  /** The status, code and words of the cloud. */
  readonly message: string;
}

/** What `plan --json` and the HTTP API say: due times in [from, to), and the next firing of each policy. */
export interface PlanView {
  readonly from: string;
  readonly to: string;
  readonly dueTimes: readonly PlannedDueTime[];
  readonly policies: readonly PolicyPlan[];
  /** Matched by no policy. */
  readonly unprotectedVolumes: readonly UnprotectedVolume[];
  readonly failedTargets: readonly FailedTarget[];
  readonly warnings: readonly string[];
}
