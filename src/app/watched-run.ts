import type { Firing } from '#domain/run';
import type { StoredRun } from './ports/ledger.ts';
import type { RunQueue } from './ports/run-queue.ts';
import type { Traces } from './ports/traces.ts';
import type { ExecuteDeps } from './run-in-hand.ts';

export interface WatchDeps extends ExecuteDeps {
  readonly queue: RunQueue;
  /** Absent or null where runs are not traced. */
  readonly traces?: Pick<Traces, 'within'> | null;
}

export interface WatchedRun extends StoredRun {
  readonly firing: Firing;
}
