import type { Failure } from '#domain/failure/failure';
import { retryDelay } from '#domain/failure/retry-delay';
import { withAttempt } from '#domain/run';
import type { Run, RunFailure } from '#domain/run';
import type { Snapshot } from '#domain/snapshot';
import { MINUTE, addMs, durationMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { endRun } from './end-run.ts';
import { mayHaveDuplicates, removeDuplicates } from './remove-duplicates.ts';
import { deadlineOf } from './execute-run.ts';
import { removeFailed } from './remove-failed.ts';
import { runFields } from './run-in-hand.ts';
import { VOLUME_HOLD } from './volume-turn.ts';
import type { WatchDeps, WatchedRun } from './watched-run.ts';

/** A snapshot the cloud accepted may be invisible for this long before it counts as lost. Source: EVS API reference, where a new disk may answer 404 while its job runs. */
const INVISIBLE_FOR: DurationMs = (2 * MINUTE) as DurationMs;

/**
 * Acts on what the cloud shows of a snapshot that a run waits for; null where it shows none. Returns whether the wait is
 * over: the snapshot is good, or it came to nothing and the run has ended or is queued for another try.
 */
export async function settleSnapshot(deps: WatchDeps, watched: WatchedRun, snapshot: Snapshot | null, signal: AbortSignal): Promise<boolean> {
  const { run, revision, firing } = watched;
  if (snapshot?.status === 'available') {
    const kept = mayHaveDuplicates(watched) ? await removeDuplicates(deps, watched, snapshot, signal) : snapshot;
    const policy = deps.policies.policy(firing.policy);
    const late = policy === null || deps.clock.now() > deadlineOf(firing, policy, run.volumeId);
    // Ended now, nobody would look for the second one again.
    if (kept === null && !late) return false;
    return available(deps, watched, kept ?? snapshot);
  }
  if (snapshot?.status === 'error') {
    const message = `the snapshot ${snapshot.id} ended in error`;
    deps.telemetry.emit('snapshot.failed', { ...runFields(firing, run), snapshotId: snapshot.id, requestedAt: run.requestedAt, attempt: run.tries, errorMessage: message });
    if (!(await failedToMake(deps, watched, snapshotFailure('snapshot_error', message)))) return false;
    await removeFailed(deps, firing.target, snapshot, signal);
    return true;
  }
  if (snapshot === null && deps.clock.now() > addMs(run.requestedAt ?? firing.due, INVISIBLE_FOR)) {
    const message = `the snapshot ${run.snapshotId ?? ''} is gone before it was finished`;
    deps.telemetry.emit('snapshot.failed', { ...runFields(firing, run), snapshotId: run.snapshotId ?? '', requestedAt: run.requestedAt, attempt: run.tries, errorMessage: message });
    return failedToMake(deps, watched, snapshotFailure('snapshot_gone', message));
  }

  // Still being made, or in a state that is none of ours to judge.
  await deps.ledger.holdVolume(firing.target, run.volumeId, run.id, VOLUME_HOLD);
  const policy = deps.policies.policy(firing.policy);
  const overdue = policy !== null && deps.clock.now() > deadlineOf(firing, policy, run.volumeId);
  if (overdue && run.outcome === 'pending') {
    const reason = `the snapshot is still ${snapshot?.status ?? 'not visible'} at the deadline; it is watched on`;
    await endRun(deps, firing, run, revision, 'abandoned', { kind: 'unknown', httpStatus: null, code: 'deadline', message: reason, requestId: null });
  }
  return false;
}

async function available(deps: WatchDeps, { run, revision, firing }: WatchedRun, snapshot: Snapshot): Promise<boolean> {
  const now = deps.clock.now();
  // Noted first, then ended: cut off in between, the next look does both again.
  const expires = (deps.policies.policy(firing.policy)?.retention ?? null) !== null;
  if (expires) await deps.book.note(firing.target, { policy: firing.policy, volumeId: run.volumeId, since: now });
  const kept: Run = { ...run, snapshotId: snapshot.id, snapshotName: snapshot.name ?? run.snapshotName };
  if (!(await endRun(deps, firing, kept, revision, 'available', null, snapshot.createdAt ?? run.requestedAt ?? now))) return false;
  const duration = durationMs(Math.max(0, now - firing.due));
  deps.telemetry.emit('snapshot.available', { ...runFields(firing, run), snapshotId: snapshot.id, requestedAt: run.requestedAt, durationMs: duration });
  return true;
}

/** The snapshot came to nothing: the run tries again within its attempts. False where somebody else has dealt with it. */
async function failedToMake(deps: WatchDeps, { run, revision, firing }: WatchedRun, failure: Failure): Promise<boolean> {
  const { kind, httpStatus, code, message, requestId } = failure;
  const reason: RunFailure = { kind, httpStatus, code, message, requestId };
  const tried: Run = { ...withAttempt(run, { at: deps.clock.now(), result: 'error', httpStatus, code, message, requestId }), failure: reason };
  const said = { ...runFields(firing, run), attempt: run.tries, kind, httpStatus, errorCode: code, errorMessage: message, requestId };
  const policy = deps.policies.policy(firing.policy);

  if (run.outcome !== 'pending' || policy === null || run.tries >= policy.retry.attempts) {
    if (!(await endRun(deps, firing, tried, revision, 'failed', reason))) return false;
    deps.telemetry.emit('run.attempt_failed', said);
  } else {
    const delay = retryDelay({ attempt: run.tries, backoff: policy.retry.backoff, random01: deps.random() });
    const next: Run = { ...tried, phase: 'queued', snapshotId: null, adopted: false };
    if ((await deps.ledger.saveRun(firing, next, revision)) === null) return false;
    deps.telemetry.emit('run.attempt_failed', said);
    deps.telemetry.emit('run.retry', { ...said, delayMs: delay });
    await deps.queue.enqueue(firing.target, [{ runId: run.id, at: addMs(deps.clock.now(), delay) }]);
  }
  return true;
}

function snapshotFailure(code: string, message: string): Failure {
  return { kind: 'transient', httpStatus: null, code, message, requestId: null, retryAfterMs: null, outcomeUnknown: false };
}
