import type { Outcome, Trigger } from '#domain/run';

export interface OverdueVolume {
  readonly id: string;
  readonly name: string | null;
  readonly rpoLagSeconds: number;
  readonly reason: string;
}

/** What `status --json`, the HTTP API and the gauges say of a policy. Null where nothing is known. */
export interface PolicyStatus {
  readonly policy: string;
  readonly target: string;
  readonly paused: boolean;
  readonly nextDue: string | null;
  readonly rpoSeconds: number;
  /** Of the worst volume. */
  readonly rpoLagSeconds: number | null;
  readonly volumes: number;
  readonly overdueVolumes: readonly OverdueVolume[];
  /** Why nothing of the policy expires until somebody confirms it; null where the brake does not hold. */
  readonly pruneBraked: string | null;
  readonly lastFiring: {
    readonly due: string;
    readonly trigger: Trigger;
    readonly runs: Readonly<Record<Outcome, number>>;
  } | null;
}

export interface StatusView {
  readonly policies: readonly PolicyStatus[];
}
