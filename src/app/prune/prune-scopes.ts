import type { Failure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import { partsOfRunId } from '#domain/naming/run-id';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import type { Brake } from '../ports/prune-book.ts';
import { braking } from './braking.ts';
import { decideWithBrake } from './decide-scopes.ts';
import type { ScopeDecision } from './decide-scopes.ts';
import { deleteAgreed } from './delete-agreed.ts';
import type { Pruned, ScopeDeletes } from './delete-agreed.ts';
import type { PruneScope } from './list-owned.ts';
import type { PruneDeps } from './prune-deps.ts';

/**
 * Prunes the volumes within the scopes, all of one target: decides by one listing, and deletes what a second one, read right before,
 * says too. What belongs to a run that is still at work stays. A snapshot that was held, or that changed in between, stays. `confirm` lifts the brake this once.
 * Accepted deletes are on record and not yet done. Throws CloudFailure where the cloud does not list everything.
 */
export async function pruneScopes(deps: PruneDeps, target: string, scopes: readonly PruneScope[], confirm: boolean, signal: AbortSignal): Promise<Pruned> {
  const options = { signal, priority: 'prune' } as const;
  const decided = await decideWithBrake(deps, target, scopes, options);
  const judged: Omit<ScopeDeletes, 'deletes'>[] = [];
  const brakes = await deps.book.brakes();
  for (const each of decided) {
    tellFindings(deps, target, each);
    judged.push({ ...each, braked: confirm ? await lift(deps, each, brakes) : await brake(deps, target, each, brakes) });
  }
  const inHand = await runsInHand(deps);
  const wanted: ScopeDeletes[] = [];
  for (const each of judged) {
    const deletes = each.decisions.filter(({ action, cause }) => action === 'delete' && (cause !== 'expired' || each.braked === null));
    wanted.push({ ...each, deletes: await without(deletes, inHand) });
  }

  return deleteAgreed(deps, target, wanted, options);
}

/**
 * Tells of a snapshot whether the run that made it still goes by it: what becomes of it is then for the run to say. A failed one that
 * the run has put behind it is in nobody's hand.
 */
async function runsInHand(deps: PruneDeps): Promise<(snapshot: Snapshot) => Promise<boolean>> {
  const open = new Set((await deps.ledger.openFirings()).map(({ id }) => id));
  return async ({ id, status, metadata }) => {
    const runId = ownershipOf(metadata)?.runId;
    const firingId = partsOfRunId(runId ?? '')?.firingId;
    if (runId === undefined || firingId === undefined || !open.has(firingId)) return false;
    const run = (await deps.ledger.run(runId))?.run;
    return run !== undefined && run.phase !== 'ended' && (status === 'available' || run.snapshotId === id);
  };
}

async function without(deletes: readonly RetentionDecision[], stays: (snapshot: Snapshot) => Promise<boolean>): Promise<readonly RetentionDecision[]> {
  const left: RetentionDecision[] = [];
  for (const decision of deletes) if (!(await stays(decision.snapshot))) left.push(decision);
  return left;
}

async function brake(deps: PruneDeps, target: string, decided: ScopeDecision, brakes: ReadonlyMap<string, Brake>): Promise<string | null> {
  const { policy: { name, revision }, brake: reason, good, expired } = decided;
  if (reason === null) return braking(decided, brakes);
  const record = { policy: name, target, revision, reason, good, expired };
  if (await deps.book.brake({ ...record, since: deps.clock.now() })) deps.telemetry.emit('prune.braked', record);
  return reason;
}

async function lift(deps: PruneDeps, { policy }: ScopeDecision, brakes: ReadonlyMap<string, Brake>): Promise<null> {
  if (brakes.has(policy.name)) await deps.book.lift(policy.name);
  return null;
}

function tellFindings(deps: PruneDeps, target: string, { policy, undecided, gone, decisions }: ScopeDecision): void {
  for (const volumeId of undecided) deps.telemetry.emit('prune.undecided', { policy: policy.name, target, volumeId });
  if (gone.length === 0) return;
  const volumes = new Set(gone);
  const snapshots = decisions.filter(({ snapshot, action }) => action !== 'ignore' && volumes.has(snapshot.volumeId)).length;
  deps.telemetry.emit('prune.orphans', { policy: policy.name, target, volumes: gone.length, snapshots, orphans: policy.retention?.orphans ?? 'keep' });
}

/** The part of a failure that tells why a prune did not go on. */
export function postponed({ httpStatus, code, message, requestId }: Failure) {
  return { httpStatus, errorCode: code, errorMessage: message, requestId };
}
