import { CloudFailure } from '#domain/failure/failure';
import { retryDelay } from '#domain/failure/retry-delay';
import { MINUTE, SECOND } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { volumeReadiness } from '#domain/volume-status';
import { endRun } from './end-run.ts';
import { DONE, again, runFields, skipped } from './run-in-hand.ts';
import type { ExecuteDeps, RunInHand } from './run-in-hand.ts';
import type { RunStep } from './ports/run-queue.ts';
import type { WatchedRun } from './watched-run.ts';

/** How long a run holds its volume without anybody renewing it; longer than the usual longest back-off. */
export const VOLUME_HOLD: DurationMs = (15 * MINUTE) as DurationMs;

/** How soon to ask again for a volume that another policy's run holds. */
const TURN_AGAIN: DurationMs = (2 * SECOND) as DurationMs;

/**
 * One creation per volume at a time. Null where the volume is this run's. A run of the same policy that still holds it
 * means that the due times overlap: this one is skipped and recorded. A run of another policy: wait for the turn.
 */
export async function holdVolume(deps: ExecuteDeps, { run, revision, firing }: WatchedRun): Promise<RunStep | null> {
  const holder = await deps.ledger.holdVolume(firing.target, run.volumeId, run.id, VOLUME_HOLD);
  if (holder === run.id) return null;

  const other = await deps.ledger.run(holder);
  if (other === null || other.run.phase === 'ended') {
    await deps.ledger.releaseVolume(firing.target, run.volumeId, holder);
    return again(deps, 0 as DurationMs);
  }
  // Due times caught up with are all due at once, and a firing that somebody asked for displaces none that is due: they take their turns.
  if (other.firing.policy === firing.policy && firing.trigger === 'schedule' && other.firing.trigger !== 'manual') {
    // After a lost answer of this very run the snapshot may exist: it is looked for, never skipped.
    if (run.phase === 'requesting') return again(deps, TURN_AGAIN);
    await endRun(deps, firing, run, revision, 'skipped', skipped(`overlap: the run of another due time, ${holder}, is still making its snapshot`));
    return DONE;
  }
  const delay = (TURN_AGAIN * (1 + deps.random())) as DurationMs;
  deps.telemetry.emit('run.waiting', { ...runFields(firing, run), reason: `policy ${other.firing.policy} is at work on the volume`, delayMs: delay });
  return again(deps, delay);
}

/**
 * After a try that the volume's state refused: asks for the state instead of trying blindly. While the state is one
 * that passes by itself the run waits, and no try is used up; the deadline ends it. Null where a try makes sense.
 */
export async function checkVolume(deps: ExecuteDeps, { run, firing, policy }: RunInHand, signal: AbortSignal): Promise<RunStep | null> {
  if (run.failure?.kind !== 'conflict') return null;
  try {
    const volume = await deps.clouds.of(firing.target).showVolume(run.volumeId, { signal, priority: 'create' });
    if (volumeReadiness(volume.status) !== 'busy') return null;
    const delay = retryDelay({ attempt: Math.max(1, run.tries), backoff: policy.retry.backoff, random01: deps.random() });
    deps.telemetry.emit('run.waiting', { ...runFields(firing, run), reason: `the volume is ${volume.status}`, delayMs: delay });
    return again(deps, delay);
  } catch (error) {
    // The create call says better what is wrong than a failed look at the volume.
    if (error instanceof CloudFailure) return null;
    throw error;
  }
}
