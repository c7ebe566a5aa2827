import { CloudFailure } from '#domain/failure/failure';
import type { Failure } from '#domain/failure/failure';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Ledger } from '../ports/ledger.ts';
import { confirmDeletes } from './confirm-deletes.ts';
import type { PruneDeps } from './prune-deps.ts';
import { pruneNoted } from './prune-noted.ts';
import { postponed } from './prune-scopes.ts';
import { sweep } from './sweep.ts';

const EVERY: DurationMs = (5 * SECOND) as DurationMs;

/** How often a target is swept, by whichever replica comes first. */
const SWEEP_EVERY: DurationMs = HOUR;
const SWEEP_CHECK: DurationMs = MINUTE;

/** Two that prune at the same time do no harm: each delete is on record, and carried out by one of them. */
const LEASE: DurationMs = (2 * MINUTE) as DurationMs;

/** After an answer that does not say how long to wait. */
const POSTPONED_FOR: DurationMs = (30 * SECOND) as DurationMs;

export type PruneLoopDeps = PruneDeps & {
  readonly ledger: Pick<Ledger, 'acquireLease' | 'releaseLease'>;
  readonly replica: string;
};

/** Prunes one target for as long as the process lives; one replica does so for all. */
export async function runPruning(deps: PruneLoopDeps, target: string, signal: AbortSignal): Promise<void> {
  const lease = `prune:${target}`;
  let sweepCheck: Instant = deps.clock.now();
  let sweeps = 0;
  while (!signal.aborted) {
    await deps.clock.sleepUntil(addMs(deps.clock.now(), EVERY), signal);
    if (signal.aborted) break;
    if (!(await deps.ledger.acquireLease(lease, deps.replica, LEASE))) continue;
    const failure = await unlessRefused(deps, target, signal, async () => {
      await confirmDeletes(deps, target, signal);
      const stoppedBy = await pruneNoted(deps, target, signal);
      if (stoppedBy !== null || deps.clock.now() < sweepCheck) return stoppedBy;
      sweepCheck = addMs(deps.clock.now(), SWEEP_CHECK);
      return sweepIfDue(deps, target, `${deps.replica}/${(sweeps += 1)}`, signal);
    });
    if (failure !== null) await deps.clock.sleepUntil(addMs(deps.clock.now(), failure.retryAfterMs ?? POSTPONED_FOR), signal);
  }
  await deps.ledger.releaseLease(lease, deps.replica);
}

/** The lease stands for the hour: nobody renews it, so it is free again when the next sweep is due, or at once where this one came to nothing. */
async function sweepIfDue(deps: PruneLoopDeps, target: string, holder: string, signal: AbortSignal): Promise<Failure | null> {
  const lease = `sweep:${target}`;
  if (!(await deps.ledger.acquireLease(lease, holder, SWEEP_EVERY))) return null;
  let isDone = false;
  try {
    const stoppedBy = await sweep(deps, target, signal);
    isDone = stoppedBy === null || stoppedBy.kind === 'auth';
    return stoppedBy;
  } finally {
    if (!isDone) await deps.ledger.releaseLease(lease, holder);
  }
}

/** A cloud that does not answer is no failure of the loop: it is told, and the work stays for later. */
async function unlessRefused(deps: PruneDeps, target: string, signal: AbortSignal, work: () => Promise<Failure | null>): Promise<Failure | null> {
  let failure: Failure | null;
  try {
    failure = await work();
  } catch (error) {
    if (signal.aborted) return null;
    if (!(error instanceof CloudFailure)) throw error;
    failure = error.failure;
  }
  if (failure !== null) deps.telemetry.emit('prune.postponed', { target, ...postponed(failure) });
  return failure;
}
