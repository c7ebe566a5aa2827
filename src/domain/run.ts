import type { FailureKind } from './failure/failure.ts';
import type { Instant } from './time.ts';

/** Why a firing exists: its due time came, a missed due time was caught up with, or somebody asked for it. */
export type Trigger = 'schedule' | 'catch-up' | 'manual';

/** What a run ended as; `pending` is not ended. `abandoned` has ended too, yet its snapshot is still watched. */
export const OUTCOMES = ['pending', 'available', 'failed', 'skipped', 'abandoned'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type EndedOutcome = Exclude<Outcome, 'pending'>;

/**
 * Where a pending run stands. `queued`: no create call is under way. `requesting`: a create call was about to be sent
 * or was sent, and its outcome is not known; before another one the snapshot has to be looked for. `creating`: the
 * cloud accepted, the snapshot's id is known.
 */
export type RunPhase = 'queued' | 'requesting' | 'creating' | 'ended';

export type AttemptResult = 'accepted' | 'adopted' | 'failed' | 'unknown' | 'throttled' | 'error';

/** One answer of the cloud to a try of the run, kept for whoever reads the history. */
export interface Attempt {
  readonly at: Instant;
  readonly result: AttemptResult;
  readonly httpStatus: number | null;
  readonly code: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
}

/** The reason a run is not `available`: the cloud's own words, or ours where the cloud was not asked. */
export interface RunFailure {
  readonly kind: FailureKind | 'skipped';
  readonly httpStatus: number | null;
  readonly code: string | null;
  readonly message: string;
  readonly requestId: string | null;
}

/** One policy at one due time: what all its runs share. */
export interface Firing {
  readonly id: string;
  readonly policy: string;
  readonly target: string;
  readonly due: Instant;
  readonly trigger: Trigger;
  readonly plannedAt: Instant;
  /** Identity of the store's process in which it was recorded. */
  readonly storeId?: string;
}

/** One firing on one volume. */
export interface Run {
  readonly id: string;
  readonly volumeId: string;
  readonly volumeName: string | null;
  /** The policy names this volume by id, so that the volume's absence is a failure and not a skip. */
  readonly named: boolean;
  readonly phase: RunPhase;
  readonly outcome: Outcome;
  /** Create calls that count against the policy's `attempts`. */
  readonly tries: number;
  /** When the last create call was about to be sent; null before the first. */
  readonly requestedAt: Instant | null;
  readonly snapshotId: string | null;
  readonly snapshotName: string | null;
  readonly adopted: boolean;
  readonly finishedAt: Instant | null;
  readonly failure: RunFailure | null;
  readonly attempts: readonly Attempt[];
}

/** How many attempts a run record keeps: the first one and the newest of the rest. */
export const MAX_ATTEMPTS_KEPT = 20;

/** A run that nothing has happened to yet. */
export function newRun(id: string, volume: { id: string; name: string | null; named: boolean }): Run {
  return {
    id,
    volumeId: volume.id,
    volumeName: volume.name,
    named: volume.named,
    phase: 'queued',
    outcome: 'pending',
    tries: 0,
    requestedAt: null,
    snapshotId: null,
    snapshotName: null,
    adopted: false,
    finishedAt: null,
    failure: null,
    attempts: [],
  };
}

/** The run with one more attempt, the oldest but the first dropped beyond MAX_ATTEMPTS_KEPT. */
export function withAttempt(run: Run, attempt: Attempt): Run {
  const attempts = [...run.attempts, attempt];
  if (attempts.length > MAX_ATTEMPTS_KEPT) attempts.splice(1, attempts.length - MAX_ATTEMPTS_KEPT);
  return { ...run, attempts };
}

/** The run ended. Keeps what is known of its snapshot. */
export function ended(run: Run, outcome: EndedOutcome, at: Instant, failure: RunFailure | null): Run {
  return { ...run, phase: 'ended', outcome, finishedAt: at, failure };
}

/** Counts of the runs of a firing by outcome. */
export type RunCounts = Readonly<Record<Outcome, number>>;
