import { decideAfterFailure } from '#domain/after-failure';
import { CloudFailure } from '#domain/failure/failure';
import type { Failure } from '#domain/failure/failure';
import { retryDelay } from '#domain/failure/retry-delay';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import { snapshotDescription, snapshotName } from '#domain/naming/snapshot-name';
import { withAttempt } from '#domain/run';
import type { AttemptResult, Run } from '#domain/run';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { endRun } from './end-run.ts';
import { makeRoom } from './prune/make-room.ts';
import { DONE, again, recordSnapshot, runFields, skipped } from './run-in-hand.ts';
import type { ExecuteDeps, RunInHand } from './run-in-hand.ts';
import type { RunStep } from './ports/run-queue.ts';

/**
 * From the record of the intent to the call at most this long: a process that was suspended in between no longer knows
 * whether another has taken the run over, and starts again by looking.
 */
const STALE_INTENT: DurationMs = (5 * SECOND) as DurationMs;

/** The call is not to be sent: the run is in other hands, or may be. */
class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly step: RunStep;

  constructor(step: RunStep) {
    super('the create call was not sent');
    this.step = step;
  }
}

/**
 * Asks the cloud for the snapshot, and records what it said. The intent is recorded right before the call is sent, after
 * any wait for the target's rate: from then on whoever takes the run over looks for the snapshot first.
 */
export async function requestSnapshot(deps: ExecuteDeps, inHand: RunInHand, signal: AbortSignal): Promise<RunStep> {
  const { firing, policy } = inHand;
  const { instance } = deps.policies.current();
  const values = { instance, policy: policy.name, volumeId: inHand.run.volumeId, volumeName: inHand.run.volumeName, due: firing.due };
  const name = snapshotName(policy.snapshot.name, values);
  let requesting: RunInHand = { ...inHand, run: { ...inHand.run, tries: inHand.run.tries + 1, snapshotName: name } };

  async function recordIntent(): Promise<void> {
    const requestedAt = deps.clock.now();
    const run: Run = { ...requesting.run, phase: 'requesting', requestedAt };
    const revision = await deps.ledger.saveRun(firing, run, requesting.revision);
    if (revision === null) throw new NotSent(DONE);
    requesting = { ...requesting, run, revision };
    signal.throwIfAborted();
    if (deps.clock.now() > addMs(requestedAt, STALE_INTENT)) throw new NotSent(again(deps, 0 as DurationMs));
    deps.telemetry.emit('snapshot.requested', { ...runFields(firing, run), attempt: run.tries, force: policy.snapshot.force });
  }

  let accepted;
  try {
    accepted = await deps.clouds.of(firing.target).createSnapshot(
      {
        volumeId: inHand.run.volumeId,
        name,
        description: policy.snapshot.description === null ? null : snapshotDescription(policy.snapshot.description, values),
        force: policy.snapshot.force,
        metadata: { ...policy.snapshot.metadata, ...ownedMetadata({ instance, policy: policy.name, due: firing.due, runId: inHand.run.id }) },
      },
      { signal, priority: 'create', beforeSend: recordIntent },
    );
  } catch (error) {
    if (error instanceof NotSent) return error.step;
    if (!(error instanceof CloudFailure)) throw error;
    return afterFailure(deps, requesting, error.failure, signal);
  }

  const { run } = requesting;
  const { snapshot, requestId } = accepted;
  const creating = await recordSnapshot(deps, requesting, snapshot, {
    at: deps.clock.now(),
    result: 'accepted',
    httpStatus: 202,
    code: null,
    message: null,
    requestId,
  });
  if (creating === null) return DONE;
  deps.telemetry.emit('snapshot.accepted', { ...runFields(firing, run), snapshotId: snapshot.id, attempt: run.tries, requestId });
  return DONE;
}

async function afterFailure(deps: ExecuteDeps, { run, revision, firing, policy }: RunInHand, failure: Failure, signal: AbortSignal): Promise<RunStep> {
  const { kind, httpStatus, code, message, requestId } = failure;
  const reason = { kind, httpStatus, code, message, requestId };
  const at = deps.clock.now();
  const tried: Run = { ...withAttempt(run, { at, result: resultOf(failure), httpStatus, code, message, requestId }), failure: reason };
  const said = { kind, httpStatus, errorCode: code, errorMessage: message, requestId };
  deps.telemetry.emit('run.attempt_failed', { ...runFields(firing, run), attempt: run.tries, ...said });

  const backoff = retryDelay({ attempt: run.tries, backoff: policy.retry.backoff, random01: deps.random() });
  // Once a run: where the cloud is full again right away, there is no room to be made.
  const madeRoom = failure.kind === 'quota' && run.failure?.kind !== 'quota' && (await makeRoom(deps, firing.target, run.volumeId, signal)) > 0;
  const next = decideAfterFailure({ failure, tries: run.tries, attempts: policy.retry.attempts, named: run.named, backoff, madeRoom });
  switch (next.kind) {
    case 'fail':
      await endRun(deps, firing, tried, revision, 'failed', reason);
      return DONE;
    case 'skip':
      await endRun(deps, firing, tried, revision, 'skipped', { ...skipped(`${next.reason}: ${message}`), httpStatus, code, requestId });
      return DONE;
    case 'wait': {
      // Turned away unread: the try is given back.
      const saved = await deps.ledger.saveRun(firing, { ...tried, phase: 'queued', tries: run.tries - 1 }, revision);
      if (saved === null) return DONE;
      deps.telemetry.emit('run.waiting', { ...runFields(firing, run), reason: code, delayMs: next.delay });
      return again(deps, next.delay);
    }
    case 'last-look': {
      const saved = await deps.ledger.saveRun(firing, tried, revision);
      return saved === null ? DONE : { kind: 'again', at: addMs(at, policy.retry.grace) };
    }
    case 'retry': {
      const saved = await deps.ledger.saveRun(firing, { ...tried, phase: next.look ? 'requesting' : 'queued' }, revision);
      if (saved === null) return DONE;
      deps.telemetry.emit('run.retry', { ...runFields(firing, run), attempt: run.tries, ...said, delayMs: next.delay });
      return again(deps, next.delay);
    }
  }
}

function resultOf(failure: Failure): AttemptResult {
  if (failure.kind === 'throttled') return 'throttled';
  return failure.outcomeUnknown ? 'unknown' : 'failed';
}
