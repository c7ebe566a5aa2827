import { CloudFailure } from '#domain/failure/failure';
import { MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { shown } from '../preview-prune.ts';
import type { PolicyPrune, PruneFailure, PruneView } from '../views/prune-view.ts';
import { statusesOf } from './confirm-deletes.ts';
import type { PruneDeps } from './prune-deps.ts';
import type { Pruned, ScopeDeletes } from './delete-agreed.ts';
import { pruneScopes } from './prune-scopes.ts';

/** How long accepted deletes are waited for. */
const PATIENCE: DurationMs = (2 * MINUTE) as DurationMs;
const LOOK_EVERY: DurationMs = (2 * SECOND) as DurationMs;

/**
 * Prunes all policies, the one named, or those of a target, now, and waits until the cloud shows what became of each delete. What is still on its
 * way after two minutes is counted as failed here; it stays on record, and the running service tells its end. `confirm` lifts the
 * brake once. Throws CloudFailure where a target does not list everything: nothing of it is deleted then, while targets before it may have been pruned.
 */
export async function pruneNow(deps: PruneDeps, request: { policy?: string; target?: string; confirm: boolean }, signal: AbortSignal): Promise<PruneView> {
  const wanted = deps.policies.current().policies.filter(({ name, target }) => name === (request.policy ?? name) && target === (request.target ?? target));
  const policies: PolicyPrune[] = [];
  for (const target of new Set(wanted.map((policy) => policy.target))) {
    const scopes = wanted.filter((policy) => policy.target === target).map((policy) => ({ policy, volumes: null }));
    const pruned = await pruneScopes(deps, target, scopes, request.confirm, signal);
    const left = await untilGone(deps, target, pruned, signal);
    policies.push(...pruned.scopes.map((scope) => viewOf(scope, pruned, left)));
  }
  return { dryRun: false, policies };
}

/** The status of each snapshot that is still there of those that were to go. */
async function untilGone(deps: PruneDeps, target: string, { scopes, outcome }: Pruned, signal: AbortSignal): Promise<ReadonlyMap<string, string>> {
  const settled = new Set([...outcome.gone, ...outcome.refused.map(({ pending }) => pending)].map(({ snapshotId }) => snapshotId));
  const ids = scopes.flatMap(({ deletes }) => deletes.map(({ snapshot }) => snapshot.id)).filter((id) => !settled.has(id));
  let left: ReadonlyMap<string, string> = new Map(ids.map((id) => [id, 'not shown by the cloud since']));
  const until = addMs(deps.clock.now(), outcome.stoppedBy === null ? PATIENCE : 0);
  for (;;) {
    left = (await statusesNow(deps, target, [...left.keys()], signal)) ?? left;
    if (left.size === 0 || deps.clock.now() >= until || [...left.values()].every((status) => status === 'error_deleting')) return left;
    await deps.clock.sleepUntil(addMs(deps.clock.now(), LOOK_EVERY), signal);
    signal.throwIfAborted();
  }
}

/** Null where the cloud does not answer: the deletes are out, and what becomes of them shows later. */
async function statusesNow(deps: PruneDeps, target: string, ids: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, string> | null> {
  try {
    return await statusesOf(deps.clouds.of(target), ids, { signal, priority: 'prune' });
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    return null;
  }
}

function viewOf({ policy, braked, decisions, deletes }: ScopeDeletes, { outcome }: Pruned, left: ReadonlyMap<string, string>): PolicyPrune {
  const refused = new Map(outcome.refused.map(({ pending, refusal }) => [pending.snapshotId, refusal]));
  const failed = deletes.flatMap(({ snapshot: { id, volumeId } }): PruneFailure[] => {
    const refusal = refused.get(id) ?? notGone(outcome.stoppedBy, left.get(id));
    return refusal === null ? [] : [{ snapshotId: id, volumeId, httpStatus: refusal.httpStatus, code: refusal.code, message: refusal.message }];
  });
  const failedIds = new Set(failed.map(({ snapshotId }) => snapshotId));
  const deleted = deletes.filter(({ snapshot }) => !failedIds.has(snapshot.id));
  return { policy: policy.name, braked: braked !== null, brakeReason: braked, deleted: shown(deleted, 'delete'), kept: shown(decisions, 'keep'), failed };
}

function notGone(stoppedBy: Pruned['outcome']['stoppedBy'], status: string | undefined): Pick<PruneFailure, 'httpStatus' | 'code' | 'message'> | null {
  if (status === undefined) return null;
  if (stoppedBy !== null) return stoppedBy;
  return { httpStatus: null, code: status === 'error_deleting' ? 'error_deleting' : 'not_done', message: `the delete was asked for; the snapshot is ${status}` };
}
