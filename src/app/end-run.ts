import type { FailureKind } from '#domain/failure/failure';
import { ended } from '#domain/run';
import type { EndedOutcome, Firing, Run, RunFailure } from '#domain/run';
import type { Instant } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Telemetry } from './ports/telemetry.ts';
import { finishedFiring } from './finish-firing.ts';

export interface EndRunDeps {
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/**
 * Brings a run to its end: record and volume hold, log and metrics, and the firing's summary where it was the last one. `goodAt` is
 * when its good snapshot was made.
 * False where the record had changed since `revision`: then somebody else ends the run and nothing is said here.
 */
export async function endRun(
  deps: EndRunDeps,
  firing: Firing,
  run: Run,
  revision: number,
  outcome: EndedOutcome,
  failure: RunFailure | null,
  goodAt?: Instant,
): Promise<boolean> {
  const at = deps.clock.now();
  const last = ended(run, outcome, at, failure);
  // An abandoned run goes on being watched or looked for, and holds its volume meanwhile.
  const watched = outcome === 'abandoned';
  const saved = await deps.ledger.endRun(firing, { ...last, outcome, phase: watched ? run.phase : 'ended' }, revision, goodAt);
  if (saved === null) return false;

  report(deps, firing, last, outcome, failure);
  if (saved.finished !== null) finishedFiring(deps, saved.finished);
  return true;
}

function report(deps: EndRunDeps, firing: Firing, run: Run, outcome: EndedOutcome, failure: RunFailure | null): void {
  const of = { policy: firing.policy, target: firing.target, due: firing.due };
  const runOf = { ...of, runId: run.id, volumeId: run.volumeId };
  const at = run.finishedAt ?? firing.due;
  if (outcome === 'skipped') deps.telemetry.emit('run.skipped', { ...runOf, reason: failure?.message ?? 'no reason recorded' });
  if (outcome === 'abandoned') {
    deps.telemetry.emit('run.abandoned', { ...runOf, snapshotId: run.snapshotId, reason: failure?.message ?? 'no reason recorded' });
  }
  if (outcome === 'failed') {
    deps.telemetry.emit('run.failed', {
      ...runOf,
      attempt: run.tries,
      kind: failureKind(failure),
      httpStatus: failure?.httpStatus ?? null,
      errorCode: failure?.code ?? null,
      errorMessage: failure?.message ?? 'no reason recorded',
      requestId: failure?.requestId ?? null,
    });
  }
  deps.telemetry.emit('run.ended', { ...of, outcome, durationMs: Math.max(0, at - firing.due) });
}

function failureKind(failure: RunFailure | null): FailureKind {
  return failure === null || failure.kind === 'skipped' ? 'unknown' : failure.kind;
}
