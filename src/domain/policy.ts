import type { DurationMs } from './time.ts';
import type { SecretRef, Target } from './target.ts';

/** What to start of the due times missed while nobody was there to start them. */
export type CatchUp = 'none' | 'latest' | 'all';

export interface Schedule {
  /** One or more cron expressions of 5 or 6 fields (seconds first); a due time of any of them is one of the policy. */
  readonly cron: readonly string[];
  /** IANA zone name in which the expressions are read. */
  readonly timezone: string;
  /** Each volume starts within this after the due time, at a share fixed by a hash of its id. */
  readonly spread: DurationMs;
  readonly catchUp: CatchUp;
  /** How late a missed due time may still start. */
  readonly catchUpWindow: DurationMs;
}

/** Values are alternatives: one of them has to match. `*` and `?` are globs in `name` only. */
export interface VolumeMatch {
  readonly name?: readonly string[];
  readonly tags?: Readonly<Record<string, readonly string[]>>;
  readonly metadata?: Readonly<Record<string, readonly string[]>>;
  readonly availabilityZone?: readonly string[];
  readonly status?: readonly string[];
}

/** A volume is selected by its id or by `match`, unless `exclude` holds for it. */
export interface VolumeSelection {
  readonly ids: readonly string[];
  readonly match: VolumeMatch | null;
  readonly exclude: VolumeMatch | null;
}

export interface SnapshotTemplate {
  /** Placeholders: {policy} {volume} {volumeId} {due} {instance}. */
  readonly name: string;
  readonly description: string | null;
  readonly force: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A snapshot stays if any rule keeps it; all zero keeps everything. */
export interface RetentionRules {
  readonly last: number;
  readonly hourly: number;
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
  readonly yearly: number;
  readonly within: DurationMs;
  /** What becomes of the snapshots of a volume that is gone. */
  readonly orphans: 'keep' | 'expire';
}

export interface RetryRules {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly backoff: { readonly initial: DurationMs; readonly max: DurationMs };
  /** After a lost answer: no second create before this has passed and a last look found nothing. */
  readonly grace: DurationMs;
  /** After the due time plus spread: give up, record, alert. */
  readonly deadline: DurationMs;
}

export interface Policy {
  readonly name: string;
  readonly target: string;
  readonly paused: boolean;
  readonly schedule: Schedule;
  readonly volumes: VolumeSelection;
  readonly snapshot: SnapshotTemplate;
  /** Null keeps everything. */
  readonly retention: RetentionRules | null;
  readonly retry: RetryRules;
  /** The recovery point objective: how old the newest good snapshot of a volume may get. */
  readonly rpo: DurationMs;
  readonly heartbeat: { readonly url: SecretRef } | null;
  /** Changes with any change of the policy as written; equal for equal content. */
  readonly revision: string;
}

export type NotificationEvent = 'run.failed' | 'volume.overdue' | 'volume.recovered' | 'prune.braked' | 'config.refused';

export interface NotificationTarget {
  readonly name: string;
  readonly url: SecretRef;
  readonly format: 'cloudevents' | 'slack';
  readonly secret: SecretRef | null;
  readonly events: readonly NotificationEvent[];
  /** Policy names; `*` is a glob. */
  readonly policies: readonly string[];
}

/** Everything the policy files say, read, merged and checked as one. */
export interface PolicySet {
  /** Who owns the snapshots: the value of `snapkeep_instance`. */
  readonly instance: string;
  readonly targets: readonly Target[];
  readonly policies: readonly Policy[];
  readonly notifications: readonly NotificationTarget[];
  /** Equal for equal content of all files. */
  readonly revision: string;
}
