import { CloudFailure } from '#domain/failure/failure';
import type { Failure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { DeleteRefusal, PendingDelete } from '../ports/prune-book.ts';
import type { PruneDeps } from './prune-deps.ts';
import { tellDeleted, tellFailed } from './tell-prune.ts';

/** Delete calls of a process and target at the same time; the target's rate holds them back further. */
const AT_ONCE = 8;

/** Recorded in one step, before their calls are sent. */
const CHUNK = 64;

/** So many calls in a row whose answer was lost end a prune: this cloud does not answer. */
const LOST_IN_A_ROW = 3;

/** When to look first whether an accepted delete is done. */
export const FIRST_LOOK: DurationMs = (2 * SECOND) as DurationMs;

export interface PolicyDelete {
  readonly policy: string;
  readonly decision: RetentionDecision;
}

export interface DeleteOutcome {
  /** Accepted or sent without an answer: what becomes of them is still to be seen. */
  readonly asked: readonly PendingDelete[];
  /** Gone before they were asked for. */
  readonly gone: readonly PendingDelete[];
  readonly refused: readonly { readonly pending: PendingDelete; readonly refusal: DeleteRefusal }[];
  /** Why the rest was not asked for; null where there is no rest. */
  readonly stoppedBy: Failure | null;
  /** Not asked for because it was too late for that. */
  readonly late: readonly PolicyDelete[];
}

interface Progress {
  readonly asked: PendingDelete[];
  readonly gone: PendingDelete[];
  readonly refused: { readonly pending: PendingDelete; readonly refusal: DeleteRefusal }[];
  stoppedBy: Failure | null;
  lostInARow: number;
  /** An error that is no answer of the cloud: no further call goes out. */
  isBroken: boolean;
}

/**
 * Asks the cloud to delete these snapshots, each recorded before its call is sent, and each by one process only. An answer
 * that says wait, log in, or nothing at all stops the rest; any other refusal is told and concerns that snapshot alone. From
 * `until` on no further call is begun, except for a first few.
 */
export async function deleteSnapshots(deps: PruneDeps, target: string, deletes: readonly PolicyDelete[], until: Instant, signal: AbortSignal): Promise<DeleteOutcome> {
  const progress: Progress = { asked: [], gone: [], refused: [], stoppedBy: null, lostInARow: 0, isBroken: false };
  const late: PolicyDelete[] = [];
  let from = 0;
  for (; from < deletes.length && progress.stoppedBy === null && (from === 0 || deps.clock.now() < until); from += CHUNK) {
    const chunk = deletes.slice(from, from + CHUNK);
    const records = chunk.map((each) => pendingDelete(each, deps));
    const ours = await deps.book.begin(target, records);
    const queue = records.filter(({ snapshotId }) => ours.has(snapshotId));
    const before = progress.asked.length;
    const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, () => work(deps, target, queue, progress, until, signal)));
    await deps.book.update(target, progress.asked.slice(before));
    // Not sent: nothing becomes of them.
    const unsent = new Set(queue.map(({ snapshotId }) => snapshotId));
    await deps.book.end(target, [...unsent]);
    const broken = ended.find(({ status }) => status === 'rejected');
    if (broken?.status === 'rejected') throw broken.reason;
    late.push(...chunk.filter(({ decision }) => unsent.has(decision.snapshot.id)));
  }
  const { asked, gone, refused, stoppedBy } = progress;
  return { asked, gone, refused, stoppedBy, late: stoppedBy === null ? [...late, ...deletes.slice(from)] : [] };
}

async function work(deps: PruneDeps, target: string, queue: PendingDelete[], progress: Progress, until: Instant, signal: AbortSignal): Promise<void> {
  do {
    const pending = queue.shift();
    if (pending === undefined) return;
    try {
      await deps.clouds.of(target).deleteSnapshot(pending.snapshotId, { signal, priority: 'prune' });
      const acceptedAt = deps.clock.now();
      progress.asked.push({ ...pending, acceptedAt, lookAt: addMs(acceptedAt, FIRST_LOOK) });
      progress.lostInARow = 0;
    } catch (error) {
      if (!(error instanceof CloudFailure)) {
        progress.isBroken = true;
        throw error;
      }
      await afterFailure(deps, target, pending, error.failure, progress);
    }
  } while (progress.stoppedBy === null && !progress.isBroken && deps.clock.now() < until);
}

async function afterFailure(deps: PruneDeps, target: string, pending: PendingDelete, failure: Failure, progress: Progress): Promise<void> {
  if (failure.kind === 'transient' || failure.kind === 'unknown') {
    // It may have been done: the record stays, and the next look tells.
    progress.asked.push({ ...pending, said: refusalOf(failure) });
    progress.lostInARow += 1;
    if (progress.lostInARow >= LOST_IN_A_ROW) progress.stoppedBy = failure;
    return;
  }
  const isOurs = (await deps.book.end(target, [pending.snapshotId])).has(pending.snapshotId);
  if (failure.kind === 'throttled') {
    progress.stoppedBy = failure;
  } else if (failure.kind === 'not_found') {
    progress.gone.push(pending);
    if (isOurs) tellDeleted(deps.telemetry, target, pending, deps.clock.now());
  } else {
    if (failure.kind === 'auth') progress.stoppedBy = failure;
    progress.refused.push({ pending, refusal: refusalOf(failure) });
    if (isOurs) tellFailed(deps.telemetry, target, pending, refusalOf(failure));
  }
}

export function refusalOf({ httpStatus, code, message, requestId }: Failure): DeleteRefusal {
  return { httpStatus, code, message, requestId };
}

function pendingDelete({ policy, decision }: PolicyDelete, deps: PruneDeps): PendingDelete {
  const { snapshot, cause, reasons } = decision;
  const owner = ownershipOf(snapshot.metadata);
  if (cause === null || owner?.policy !== policy || owner.instance !== deps.policies.current().instance) {
    throw new Error(`snapshot ${snapshot.id} is not to be deleted`);
  }
  const now = deps.clock.now();
  return {
    snapshotId: snapshot.id,
    policy,
    volumeId: snapshot.volumeId,
    due: owner.due,
    runId: owner.runId,
    cause,
    reasons,
    recordedAt: now,
    acceptedAt: null,
    said: null,
    failures: 0,
    lookAt: addMs(now, FIRST_LOOK),
  };
}
