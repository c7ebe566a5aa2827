/** What the worker of a queue shows of itself. */
export interface WorkerPulse {
  /** Its loop runs and nobody has paused it. */
  readonly isRunning: boolean;
  /** Since the queue last answered it: with a run, with none, or that those in hand are still its own. Milliseconds. */
  readonly silentMs: number;
  /** Runs it would take at once beside those it has in hand. */
  readonly freeSlots: number;
  /** Runs it has been handed since it was made. */
  readonly taken: number;
}
