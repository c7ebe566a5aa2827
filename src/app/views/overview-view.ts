import type { RunCounts, Trigger } from '#domain/run';

export interface FiringSummary {
  readonly due: string;
  readonly trigger: Trigger;
  readonly finishedAt: string | null;
  readonly runs: RunCounts;
}

export interface PolicyOverview {
  readonly policy: string;
  readonly target: string;
  readonly paused: boolean;
  readonly cron: readonly string[];
  readonly timezone: string;
  readonly nextDue: string | null;
  readonly rpoSeconds: number;
  readonly volumes: number;
  readonly overdue: number;
  /** Of which no good snapshot is known yet. */
  readonly withoutSnapshot: number;
  /** What the worst volume's lag counts from: its newest good snapshot, or since when it is known; null without volumes. */
  readonly lagSince: string | null;
  /** The newest, newest first. */
  readonly firings: readonly FiringSummary[];
}

/**
 * Everything a look at the whole shows. Holds instants instead of ages, so that it stays the same while nothing happens.
 */
export interface OverviewView {
  readonly instance: string;
  readonly policies: readonly PolicyOverview[];
}

export interface QueueDepth {
  readonly target: string;
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
}

export interface QueuesView {
  readonly queues: readonly QueueDepth[];
}
