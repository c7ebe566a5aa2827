import type { Attempt, Firing, Outcome, Run, RunFailure, Trigger } from '#domain/run';
import { isoInstant, isoSeconds } from '#domain/time';

/** A run as machines read it: `runs --json`, `runs show --json` and the HTTP API. New fields may come, none goes. */
export interface RunView {
  readonly id: string;
  readonly policy: string;
  readonly target: string;
  readonly volumeId: string;
  readonly volumeName: string | null;
  readonly due: string;
  readonly trigger: Trigger;
  readonly outcome: Outcome;
  readonly snapshotId: string | null;
  readonly snapshotName: string | null;
  readonly adopted: boolean;
  readonly finishedAt: string | null;
  readonly failure: RunFailure | null;
  readonly attempts: readonly (Omit<Attempt, 'at'> & { readonly at: string })[];
}

export function runView({ run, firing }: { run: Run; firing: Firing }): RunView {
  return {
    id: run.id,
    policy: firing.policy,
    target: firing.target,
    volumeId: run.volumeId,
    volumeName: run.volumeName,
    due: isoSeconds(firing.due),
    trigger: firing.trigger,
    outcome: run.outcome,
    snapshotId: run.snapshotId,
    snapshotName: run.snapshotName,
    adopted: run.adopted,
    finishedAt: run.finishedAt === null ? null : isoInstant(run.finishedAt),
    // A pending run keeps the failure of its last try in its attempts; it has not failed.
    failure: run.outcome === 'pending' || run.outcome === 'available' ? null : run.failure,
    attempts: run.attempts.map((attempt) => ({ ...attempt, at: isoInstant(attempt.at) })),
  };
}
