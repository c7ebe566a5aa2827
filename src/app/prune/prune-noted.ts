import type { Failure } from '#domain/failure/failure';
import { keepsAll } from '#domain/retention/keep-reasons';
import { MINUTE } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Brake, VolumeToPrune } from '../ports/prune-book.ts';
import type { PruneScope } from './list-owned.ts';
import type { PruneDeps } from './prune-deps.ts';
import { pruneScopes } from './prune-scopes.ts';

/** Volumes looked at in one pass. */
const PER_PASS = 5_000;

/** While snapshots are still to be asked for a prune waits, so that one listing serves all of a firing; this long at most. */
const PATIENCE: DurationMs = (5 * MINUTE) as DurationMs;

/**
 * Prunes the volumes of a target that have a new good snapshot. Returns what kept the cloud from going on, after which the
 * volumes stay noted; null where all of them are dealt with or it is not yet time. Throws CloudFailure as pruneScopes does.
 */
export async function pruneNoted(deps: PruneDeps, target: string, signal: AbortSignal): Promise<Failure | null> {
  const noted = await deps.book.noted(target, PER_PASS);
  const oldest = noted[0]?.since;
  if (oldest === undefined || (deps.clock.now() - oldest < PATIENCE && (await isBusy(deps, target)))) return null;
  const scopes = scopesOf(deps, target, noted, await deps.book.brakes());
  if (scopes.length > 0) {
    const { outcome } = await pruneScopes(deps, target, scopes, false, signal);
    // Without the right to delete there is no use in trying again soon: the sweep does.
    if (outcome.stoppedBy !== null && outcome.stoppedBy.kind !== 'auth') return outcome.stoppedBy;
  }
  await deps.book.strike(target, noted);
  return null;
}

async function isBusy(deps: PruneDeps, target: string): Promise<boolean> {
  return (await deps.ledger.openFirings()).some((firing) => firing.target === target && firing.counts.pending > firing.creating);
}

/** Where a policy keeps everything or is braked nothing can expire; the sweep finds what failed. */
function scopesOf(deps: PruneDeps, target: string, noted: readonly VolumeToPrune[], brakes: ReadonlyMap<string, Brake>): readonly PruneScope[] {
  const volumes = new Map<string, Set<string>>();
  for (const { policy, volumeId } of noted) volumes.set(policy, (volumes.get(policy) ?? new Set()).add(volumeId));
  return [...volumes].flatMap(([name, ids]) => {
    const policy = deps.policies.policy(name);
    if (policy === null || policy.target !== target || policy.retention === null || keepsAll(policy.retention)) return [];
    return brakes.get(name)?.revision === policy.revision ? [] : [{ policy, volumes: ids }];
  });
}
