import { CloudFailure } from '#domain/failure/failure';
import type { PruneDeps } from './prune-deps.ts';
import { pruneScopes } from './prune-scopes.ts';

/**
 * Prunes one volume, for all policies of its target, because the cloud takes no more snapshots of it: what has expired goes,
 * nothing else does. Returns how many the cloud deletes; 0 also where it does not answer.
 */
export async function makeRoom(deps: PruneDeps, target: string, volumeId: string, signal: AbortSignal): Promise<number> {
  const policies = deps.policies.current().policies.filter((policy) => policy.target === target);
  const scopes = policies.map((policy) => ({ policy, volumes: new Set([volumeId]) }));
  try {
    const { outcome } = await pruneScopes(deps, target, scopes, false, signal);
    return outcome.gone.length + outcome.asked.filter(({ acceptedAt }) => acceptedAt !== null).length;
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    return 0;
  }
}
