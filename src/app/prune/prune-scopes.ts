import type { Failure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import { partsOfRunId } from '#domain/naming/run-id';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import type { Brake } from '../ports/prune-book.ts';
import { braking } from './braking.ts';
import { decideScopes, decideWithBrake } from './decide-scopes.ts';
import type { ScopeDecision } from './decide-scopes.ts';
import { deleteSnapshots } from './delete-snapshots.ts';
import type { DeleteOutcome, PolicyDelete } from './delete-snapshots.ts';
import type { PruneScope } from './list-owned.ts';
import type { PruneDeps } from './prune-deps.ts';

export interface ScopePruned extends ScopeDecision {
  /** Why nothing expired; null where the brake did not hold. */
  readonly braked: string | null;
  /** What two listings agreed on. */
  readonly deletes: readonly RetentionDecision[];
}

export interface Pruned {
  readonly scopes: readonly ScopePruned[];
  readonly outcome: DeleteOutcome;
}

/**
 * Prunes the volumes within the scopes, all of one target: decides by one listing, and deletes what a second one, read right before,
 * says too. What belongs to a run that is still at work stays. A snapshot that was held, or that changed in between, stays. `confirm` lifts the brake this once.
 * Accepted deletes are on record and not yet done. Throws CloudFailure where the cloud does not list everything.
 */
export async function pruneScopes(deps: PruneDeps, target: string, scopes: readonly PruneScope[], confirm: boolean, signal: AbortSignal): Promise<Pruned> {
  const options = { signal, priority: 'prune' } as const;
  const decided = await decideWithBrake(deps, target, scopes, options);
  const judged: (ScopeDecision & { readonly braked: string | null })[] = [];
  const brakes = await deps.book.brakes();
  for (const each of decided) {
    tellFindings(deps, target, each);
    judged.push({ ...each, braked: confirm ? await lift(deps, each, brakes) : await brake(deps, target, each, brakes) });
  }
  const inHand = await runsInHand(deps);
  const wanted = [];
  for (const each of judged) {
    const deletes = each.decisions.filter(({ action, cause }) => action === 'delete' && (cause !== 'expired' || each.braked === null));
    wanted.push({ ...each, deletes: await without(deletes, inHand) });
  }

  const again = wanted.filter(({ deletes }) => deletes.length > 0).map(({ policy, deletes }) => ({ policy, volumes: new Set(deletes.map(({ snapshot }) => snapshot.volumeId)) }));
  const second = again.length === 0 ? [] : await decideScopes(deps, target, again, options);
  const agreed = wanted.map((each) => ({ ...each, deletes: agreedOn(each.deletes, second.find(({ policy }) => policy === each.policy)) }));
  for (const each of agreed) tellKept(deps, target, each);
  const deletes = agreed.flatMap(({ policy, deletes: own }) => own.map((decision): PolicyDelete => ({ policy: policy.name, decision })));
  return { scopes: agreed, outcome: await deleteSnapshots(deps, target, deletes, signal) };
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

function agreedOn(deletes: readonly RetentionDecision[], second: ScopeDecision | undefined): readonly RetentionDecision[] {
  const causes = new Map(second?.decisions.map(({ snapshot, cause }) => [snapshot.id, cause]));
  return deletes.filter(({ snapshot, cause }) => causes.get(snapshot.id) === cause);
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

/** Of volumes that lose a snapshot, why the others stay. */
function tellKept(deps: PruneDeps, target: string, { policy, decisions, deletes }: ScopePruned): void {
  const volumes = new Set(deletes.map(({ snapshot }) => snapshot.volumeId));
  for (const { snapshot, action, reasons } of decisions) {
    if (action !== 'keep' || !volumes.has(snapshot.volumeId)) continue;
    deps.telemetry.emit('prune.kept', { policy: policy.name, target, volumeId: snapshot.volumeId, snapshotId: snapshot.id, reasons });
  }
}

/** The part of a failure that tells why a prune did not go on. */
export function postponed({ httpStatus, code, message, requestId }: Failure) {
  return { httpStatus, errorCode: code, errorMessage: message, requestId };
}
