import type { Failure } from '#domain/failure/failure';
import type { PruneDeps } from './prune-deps.ts';
import { pruneScopes } from './prune-scopes.ts';

/**
 * Looks at everything the policies of a target have in the cloud: what a prune after a run does not come by, such as
 * snapshots of volumes that are gone, ones that failed, late duplicates, and what a policy that was changed no longer keeps.
 * Tells again of each brake that holds. Returns what kept the cloud from going on, or null. Throws CloudFailure as pruneScopes does.
 */
export async function sweep(deps: PruneDeps, target: string, signal: AbortSignal): Promise<Failure | null> {
  const policies = deps.policies.current().policies.filter((policy) => policy.target === target);
  if (policies.length === 0) return null;
  const before = await deps.book.brakes();
  const { outcome } = await pruneScopes(deps, target, policies.map((policy) => ({ policy, volumes: null })), false, signal);
  for (const { name, revision } of policies) {
    const brake = before.get(name);
    if (brake?.revision !== revision) continue;
    deps.telemetry.emit('prune.braked', { policy: name, target, reason: brake.reason, expired: brake.expired, good: brake.good, revision });
  }
  return outcome.stoppedBy;
}
