import type { Policy } from '#domain/policy';
import { withAttempt } from '#domain/run';
import type { Attempt, Firing, Run, RunFailure } from '#domain/run';
import { addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Ledger, StoredRun } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { PruneBook } from './ports/prune-book.ts';
import type { RunStep } from './ports/run-queue.ts';
import type { Telemetry } from './ports/telemetry.ts';

export interface ExecuteDeps {
  readonly ledger: Ledger;
  readonly book: PruneBook;
  readonly policies: Policies;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A number in [0, 1), for jitter. */
  readonly random: () => number;
  /** A snapshot of this target is being made: somebody should watch it. */
  readonly accepted: (target: string) => void;
}

/** One run in the hands of one worker. `stored` is what it was read as; every save goes through its revision. */
export interface RunInHand extends StoredRun {
  readonly firing: Firing;
  readonly policy: Policy;
}

export const DONE: RunStep = { kind: 'done' };

export function again(deps: { clock: Clock }, delay: DurationMs): RunStep {
  return { kind: 'again', at: addMs(deps.clock.now(), delay) };
}

export function skipped(message: string): RunFailure {
  return { kind: 'skipped', httpStatus: null, code: null, message, requestId: null };
}

/** The identifying fields of every event about a run. */
export function runFields(firing: Firing, run: Run): { policy: string; target: string; due: Instant; runId: string; volumeId: string } {
  return { policy: firing.policy, target: firing.target, due: firing.due, runId: run.id, volumeId: run.volumeId };
}

/** Records that the snapshot is the run's own, made now or by an earlier try. Null where the record had changed. */
export async function recordSnapshot(
  deps: ExecuteDeps,
  { run, revision, firing }: StoredRun & { readonly firing: Firing },
  snapshot: { id: string; name: string | null },
  attempt: Attempt,
): Promise<Run | null> {
  const creating: Run = {
    ...withAttempt(run, attempt),
    phase: 'creating',
    snapshotId: snapshot.id,
    snapshotName: snapshot.name ?? run.snapshotName,
    adopted: attempt.result === 'adopted',
  };
  if ((await deps.ledger.saveRun(firing, creating, revision)) === null) return null;
  deps.accepted(firing.target);
  return creating;
}
