import type { FailureKind } from '../failure/failure.ts';
import type { RunCounts, Trigger } from '../run.ts';
import type { DurationMs, Instant } from '../time.ts';

interface Facts {
  /** Equal for the same news, whoever tells it and however often. */
  readonly id: string;
  /** Who owns the snapshots. */
  readonly instance: string;
  /** When it happened. */
  readonly at: Instant;
}

export interface FailedVolume {
  readonly id: string;
  readonly name: string | null;
  readonly runId: string;
  readonly outcome: 'failed' | 'abandoned';
  readonly kind: FailureKind | 'skipped' | null;
  readonly httpStatus: number | null;
  /** The cloud's own code. */
  readonly code: string | null;
  readonly message: string;
  readonly requestId: string | null;
}

export interface OverdueVolumeFacts {
  readonly id: string;
  readonly name: string | null;
  readonly lastGoodAt: Instant | null;
  readonly lagSeconds: number;
  readonly reason: string | null;
}

/** All runs of a firing that ended without a good snapshot. */
export interface RunFailed extends Facts {
  readonly event: 'run.failed';
  readonly policy: string;
  readonly target: string;
  readonly due: Instant;
  readonly trigger: Trigger;
  /** False where runs of the firing are still under way: its end is told once more. */
  readonly isFinal: boolean;
  readonly runs: RunCounts;
  /** At most MAX_VOLUMES, in the order of their names; `runs` says how many there are. */
  readonly volumes: readonly FailedVolume[];
}

export interface VolumeOverdue extends Facts {
  readonly event: 'volume.overdue';
  readonly policy: string;
  readonly target: string;
  readonly rpo: DurationMs;
  /** Volumes that became overdue with this notice. */
  readonly count: number;
  /** At most MAX_VOLUMES of them. */
  readonly volumes: readonly OverdueVolumeFacts[];
}

export interface VolumeRecovered extends Facts {
  readonly event: 'volume.recovered';
  readonly policy: string;
  readonly target: string;
  readonly count: number;
  /** At most MAX_VOLUMES of them. */
  readonly volumes: readonly { readonly id: string; readonly lastGoodAt: Instant | null }[];
  /** Volumes of the policy that are still overdue. */
  readonly stillOverdue: number;
}

export interface PruneBraked extends Facts {
  readonly event: 'prune.braked';
  readonly policy: string;
  readonly target: string;
  readonly reason: string;
  /** Snapshots that would have been deleted, of so many good ones. */
  readonly expired: number;
  readonly good: number;
}

export interface ConfigRefused extends Facts {
  readonly event: 'config.refused';
  /** It is about the files, not about one policy. */
  readonly policy: null;
  readonly problems: number;
  readonly message: string;
}

/** Something that people are told of. */
export type Notice = RunFailed | VolumeOverdue | VolumeRecovered | PruneBraked | ConfigRefused;

/** Volumes that one notice describes; beyond these it says how many more there are. Keeps a message under some 50 kB. */
export const MAX_VOLUMES = 50;
