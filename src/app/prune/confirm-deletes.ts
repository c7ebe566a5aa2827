import { CloudFailure } from '#domain/failure/failure';
import type { FailureKind } from '#domain/failure/failure';
import { DAY, HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { CallOptions, Cloud } from '../ports/cloud.ts';
import type { DeleteRefusal, PendingDelete } from '../ports/prune-book.ts';
import { FIRST_LOOK, refusalOf } from './delete-snapshots.ts';
import type { PruneDeps } from './prune-deps.ts';
import { tellDeleted, tellFailed } from './tell-prune.ts';

/** Up to so many are asked for one by one; for more, one listing of everything is less than a call for each. */
const FEW = 20;

/** A delete that was accepted may take so long before its snapshot shows it. */
const SHOWS_WITHIN: DurationMs = MINUTE;

/** A call that was recorded and of whose answer nothing is known may have been sent so much later. */
const SENT_WITHIN: DurationMs = (2 * MINUTE) as DurationMs;

/** The cloud deletes the data behind a snapshot for minutes; an hour is worth telling of. */
const LONG: DurationMs = HOUR;

const SLOWEST_LOOK: DurationMs = (10 * MINUTE) as DurationMs;

/** What concerns the one snapshot; anything else says that the cloud does not answer now. */
const ANSWERS_FOR_ITSELF: ReadonlySet<FailureKind> = new Set(['conflict', 'invalid', 'quota']);

type Verdict =
  | { readonly kind: 'gone' }
  | { readonly kind: 'wait'; readonly pending: PendingDelete; readonly refusal: DeleteRefusal | null }
  | { readonly kind: 'forget'; readonly refusal: DeleteRefusal | null }
  | { readonly kind: 'stuck' };

/**
 * Looks what has become of the deletes that were asked for: one is done when the cloud knows the snapshot no more, and told then.
 * What is back, or ended in `error_deleting`, is told as a failure; the latter is asked for again an hour later, then ever more
 * seldom. Returns how many are still on record. Throws CloudFailure where the cloud does not answer.
 */
export async function confirmDeletes(deps: PruneDeps, target: string, signal: AbortSignal): Promise<number> {
  const pending = await deps.book.pending(target);
  const now = deps.clock.now();
  const due = pending.filter(({ lookAt }) => lookAt <= now);
  if (due.length === 0) return pending.length;
  const statuses = await statusesOf(deps.clouds.of(target), due.map(({ snapshotId }) => snapshotId), { signal, priority: 'prune' });
  const changed: PendingDelete[] = [];
  let left = pending.length;
  for (const each of due) {
    const verdict = judge(each, statuses.get(each.snapshotId) ?? null, deps.clock.now());
    if (verdict.kind === 'wait') {
      if (verdict.refusal !== null) tellFailed(deps.telemetry, target, each, verdict.refusal);
      changed.push(verdict.pending);
    } else if (verdict.kind === 'stuck') {
      changed.push(await askAgain(deps, target, each, signal));
    } else {
      left -= 1;
      const isOurs = (await deps.book.end(target, [each.snapshotId])).has(each.snapshotId);
      if (!isOurs) continue;
      if (verdict.kind === 'gone') tellDeleted(deps.telemetry, target, each, deps.clock.now());
      else if (verdict.refusal !== null) tellFailed(deps.telemetry, target, each, verdict.refusal);
    }
  }
  await deps.book.update(target, changed);
  return left;
}

/** Absent where the snapshot is gone. A listing says so only when it was read to its end. */
export async function statusesOf(cloud: Cloud, ids: readonly string[], options: CallOptions): Promise<ReadonlyMap<string, string>> {
  const statuses = new Map<string, string>();
  if (ids.length > FEW) {
    const wanted = new Set(ids);
    for await (const page of cloud.snapshotPages({}, options)) for (const { id, status } of page) if (wanted.has(id)) statuses.set(id, status);
    return statuses;
  }
  for (const id of ids) {
    try {
      statuses.set(id, (await cloud.showSnapshot(id, options)).status);
    } catch (error) {
      if (!(error instanceof CloudFailure) || error.failure.kind !== 'not_found') throw error;
    }
  }
  return statuses;
}

function judge(pending: PendingDelete, status: string | null, now: PendingDelete['lookAt']): Verdict {
  const { acceptedAt, recordedAt, failures } = pending;
  const age = now - (acceptedAt ?? recordedAt);
  if (status === null) return { kind: 'gone' };
  if (status === 'error_deleting') return { kind: 'stuck' };
  if (status === 'available' || status === 'error') {
    if (age < (acceptedAt === null ? SENT_WITHIN : SHOWS_WITHIN)) return { kind: 'wait', pending: { ...pending, lookAt: addMs(now, 5 * SECOND) }, refusal: null };
    const refusal = acceptedAt === null ? pending.said : { httpStatus: null, code: 'not_deleted', message: `the cloud accepted the delete, and the snapshot is ${status} again`, requestId: null };
    return { kind: 'forget', refusal };
  }
  const next = addMs(now, Math.min(SLOWEST_LOOK, Math.max(FIRST_LOOK, age / 4)));
  const waiting = { ...pending, lookAt: next };
  if (age <= LONG || failures > 0) return { kind: 'wait', pending: waiting, refusal: null };
  const refusal = { httpStatus: null, code: 'still_deleting', message: `an hour after the delete was asked for the snapshot is still ${status}`, requestId: null };
  return { kind: 'wait', pending: { ...waiting, failures: 1, said: refusal }, refusal };
}

/** The first time it is only told; each later time the delete is asked for once more, and what the cloud says is told. */
async function askAgain(deps: PruneDeps, target: string, pending: PendingDelete, signal: AbortSignal): Promise<PendingDelete> {
  let said: DeleteRefusal = { httpStatus: null, code: 'error_deleting', message: 'the cloud failed to delete the snapshot: it is in error_deleting', requestId: null };
  const failures = pending.failures + 1;
  const lookAt = addMs(deps.clock.now(), Math.min(DAY, HOUR * 2 ** pending.failures));
  if (pending.failures > 0) {
    try {
      await deps.clouds.of(target).deleteSnapshot(pending.snapshotId, { signal, priority: 'prune' });
      return { ...pending, failures, acceptedAt: deps.clock.now(), lookAt: addMs(deps.clock.now(), FIRST_LOOK) };
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      // Gone meanwhile: the next look, soon, tells.
      if (error.failure.kind === 'not_found') return { ...pending, lookAt: deps.clock.now() };
      if (!ANSWERS_FOR_ITSELF.has(error.failure.kind)) throw error;
      said = refusalOf(error.failure);
    }
  }
  tellFailed(deps.telemetry, target, pending, said);
  return { ...pending, failures, said, lookAt };
}
