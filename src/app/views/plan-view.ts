/** A due time to come. */
export interface PlannedDueTime {
  readonly policy: string;
  readonly due: string;
  /** The same instant on the wall clock of the policy's zone, with its offset: `2026-11-24T02:00:00-03:00`. */
  readonly local: string;
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
  readonly createdAt: string;
  readonly action: 'keep' | 'delete' | 'ignore';
  readonly reasons: readonly string[];
}

/** What the next firing of a policy would do. */
export interface PolicyPlan {
  readonly policy: string;
  readonly target: string;
  readonly volumes: readonly PlannedVolume[];
  readonly prune: readonly PlannedPrune[];
  readonly apiCalls: number;
  readonly estimatedSeconds: number;
}

export interface UnprotectedVolume {
  readonly target: string;
  readonly id: string;
  readonly name: string | null;
}

/** What `plan --json` and the HTTP API say: due times in [from, to), and the next firing of each policy. */
export interface PlanView {
  readonly from: string;
  readonly to: string;
  readonly dueTimes: readonly PlannedDueTime[];
  readonly policies: readonly PolicyPlan[];
  /** Matched by no policy. */
  readonly unprotectedVolumes: readonly UnprotectedVolume[];
  readonly warnings: readonly string[];
}
