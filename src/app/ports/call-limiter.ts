import type { CallPriority } from './cloud.ts';
import type { FailureKind } from '#domain/failure/failure';
import type { DurationMs } from '#domain/time';

/** The calls of a target: a label of metrics, and what limits are counted by. */
export type CloudOperation =
  | 'create_snapshot'
  | 'show_snapshot'
  | 'list_snapshots'
  | 'delete_snapshot'
  | 'add_metadata'
  | 'list_volumes'
  | 'show_volume'
  | 'show_quota'
  | 'create_volume';

export interface CallOutcome {
  readonly operation: CloudOperation;
  /** `aborted` where the caller's signal ended it. */
  readonly result: 'ok' | 'aborted' | FailureKind;
  /** How long the cloud asked to wait. */
  readonly retryAfterMs: number | null;
  /** The limit the cloud says was passed: so many calls in such a window. */
  readonly rate: { readonly limit: number; readonly window: DurationMs } | null;
  readonly durationMs: number;
}

/** Holds calls back so that all replicas together stay within what the target takes. */
export interface CallLimiter {
  /** Resolves when the call may go. Rejects with the abort reason, with a CloudFailure, or (as a fault of its own) with anything else. */
  acquire(operation: CloudOperation, priority: CallPriority, signal?: AbortSignal): Promise<void>;
  /** Once for each call that was let go, repeats included. Must not throw. */
  report(outcome: CallOutcome): void;
}

/** Lets everything through. */
export const unlimited: CallLimiter = {
  acquire: async (_operation, _priority, signal) => signal?.throwIfAborted(),
  report: () => undefined,
};
