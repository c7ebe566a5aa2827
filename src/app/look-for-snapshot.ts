import type { RunStep } from './ports/run-queue.ts';
import { CloudFailure } from '#domain/failure/failure';
import type { Policy } from '#domain/policy';
import type { Snapshot } from '#domain/snapshot';
import { addMs, MINUTE, SECOND } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { endRun } from './end-run.ts';
import { DONE, again, recordSnapshot, runFields } from './run-in-hand.ts';
import type { ExecuteDeps } from './run-in-hand.ts';
import type { WatchedRun } from './watched-run.ts';
import { findOwnSnapshots } from './find-own-snapshots.ts';
import { removeFailed } from './remove-failed.ts';

/** How long to wait before a look that the cloud did not answer is repeated. */
const LOOK_AGAIN = (15 * SECOND) as DurationMs;

/** And after the deadline, for as long as it takes. */
const LOOK_ABANDONED = (5 * MINUTE) as DurationMs;

interface RunToLookFor extends WatchedRun {
  readonly retry: Pick<Policy['retry'], 'attempts' | 'grace'>;
}

/**
 * Finds out what an earlier create call achieved whose answer is not known. A snapshot of this run is taken over. None:
 * not before the grace period has passed since the call, because the cloud may still be about to commit it. Null where
 * it is certain that nothing was made and another create call may be sent.
 */
export async function lookForSnapshot(deps: ExecuteDeps, inHand: RunToLookFor, late: boolean, signal: AbortSignal): Promise<RunStep | null> {
  const { run, revision, firing, retry } = inHand;
  let own: readonly Snapshot[];
  try {
    own = await findOwnSnapshots(deps.clouds.of(firing.target), run, { signal, priority: 'create' });
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    if (!late) return again(deps, Math.max(LOOK_AGAIN, error.failure.retryAfterMs ?? 0) as DurationMs);
    const { kind, httpStatus, code, message, requestId } = error.failure;
    const reason = `a create call was not answered and the snapshots could not be listed: ${message}`;
    if (run.outcome === 'pending') await endRun(deps, firing, run, revision, 'abandoned', { kind, httpStatus, code, message: reason, requestId });
    return again(deps, LOOK_ABANDONED);
  }

  // Newest first: the oldest usable one is the first that was made; later ones are duplicates and are dealt with when it is good.
  const usable = own.filter((snapshot) => snapshot.status === 'available' || snapshot.status === 'creating');
  const snapshot = usable.at(-1);
  if (snapshot !== undefined) {
    const adopted = await recordSnapshot(deps, inHand, snapshot, {
      at: deps.clock.now(),
      result: 'adopted',
      httpStatus: null,
      code: null,
      message: null,
      requestId: null,
    });
    if (adopted !== null) deps.telemetry.emit('snapshot.adopted', { ...runFields(firing, run), snapshotId: snapshot.id, attempt: run.tries });
    return DONE;
  }

  for (const failed of own) if (failed.status === 'error') await removeFailed(deps, firing.target, failed, signal);
  // From when the answer was lost: a call that ran into its time-out may be carried out long after it was sent.
  const lostAt = run.attempts.findLast(({ at, result }) => result === 'unknown' && at >= (run.requestedAt ?? at))?.at;
  const graceEnd = addMs(lostAt ?? run.requestedAt ?? deps.clock.now(), retry.grace);
  if (deps.clock.now() < graceEnd) return { kind: 'again', at: graceEnd };
  if (!late && run.tries < retry.attempts) return null;
  await endRun(deps, firing, run, revision, 'failed', run.failure ?? lostAnswer);
  return DONE;
}

const lostAnswer = {
  kind: 'transient',
  httpStatus: null,
  code: 'lost',
  message: 'a create call was cut off, and no snapshot of it was found after the grace period',
  requestId: null,
} as const;
