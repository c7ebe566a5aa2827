/** A snapshot that retention decided about, with the rules that say so. */
export interface PrunedSnapshot {
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly reasons: readonly string[];
}

/** A snapshot that was to be deleted and is still there, with the cloud's own words. */
export interface PruneFailure {
  readonly snapshotId: string;
  readonly volumeId: string;
  readonly httpStatus: number | null;
  readonly code: string | null;
  readonly message: string;
}

export interface PolicyPrune {
  readonly policy: string;
  /** Too many would have gone at once: nothing was deleted until somebody confirms. */
  readonly braked: boolean;
  /** Why, in numbers; null where the brake does not hold. */
  readonly brakeReason: string | null;
  /** In a dry run what would be deleted. */
  readonly deleted: readonly PrunedSnapshot[];
  readonly kept: readonly PrunedSnapshot[];
  readonly failed: readonly PruneFailure[];
}

/** What `prune --json` and the HTTP API say. */
export interface PruneView {
  readonly dryRun: boolean;
  readonly policies: readonly PolicyPrune[];
}
