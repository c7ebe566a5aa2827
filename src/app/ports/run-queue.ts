import type { Instant } from '#domain/time';

/** What a worker has to do with a run id it was handed: nothing more, or the same again at a later time. */
export type RunStep = { readonly kind: 'done' } | { readonly kind: 'again'; readonly at: Instant };

/**
 * Carries run ids of a target to its workers. At least once: a run id may come twice or, where the store lost it, not
 * at all; the ledger is what tells a repetition from a first time, and the reconciler hands in again what is missing.
 */
export interface RunQueue {
  /** Adds run ids that are not in the queue already; each is handed out at its time, not before. */
  enqueue(target: string, runs: readonly { runId: string; at: Instant }[]): Promise<void>;
  /** Which of these run ids the queue does not hold. */
  missing(target: string, runIds: readonly string[]): Promise<readonly string[]>;
  /** How many run ids the queue holds, by state. */
  depth(target: string): Promise<{ waiting: number; delayed: number; active: number }>;
}
