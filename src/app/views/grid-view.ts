import type { Outcome, RunCounts, Trigger } from '#domain/run';

/** One column: a firing. */
export interface GridFiring {
  readonly id: string;
  readonly due: string;
  readonly trigger: Trigger;
  readonly finishedAt: string | null;
  readonly runs: RunCounts;
}

export interface GridCell {
  readonly run: string;
  readonly outcome: Outcome;
}

/** One row: a volume that the policy covers. */
export interface GridVolume {
  readonly id: string;
  /** As the newest firing that has ended knew it; null where none did. */
  readonly name: string | null;
  readonly overdue: boolean;
  /** Of the newest good snapshot. */
  readonly lastGoodAt: string | null;
  /** One for each firing, in their order; null where the firing had no run of this volume. */
  readonly cells: readonly (GridCell | null)[];
}

/** Volumes of a policy by its newest firings (newest first), the worst volumes first. */
export interface GridView {
  readonly policy: string;
  readonly firings: readonly GridFiring[];
  readonly volumes: readonly GridVolume[];
  /** Volumes the policy covers, and those of them the search finds. */
  readonly total: number;
  readonly matched: number;
  /** Goes on where this answer ends, as `after`. */
  readonly next: string | null;
}
