import type { RetentionDecision } from '#domain/retention/decide-retention';
import type { PruneBook } from './ports/prune-book.ts';
import { braking } from './prune/braking.ts';
import { decideWithBrake } from './prune/decide-scopes.ts';
import type { DecideDeps } from './prune/decide-scopes.ts';
import type { PolicyPrune, PruneView, PrunedSnapshot } from './views/prune-view.ts';

export type PreviewPruneDeps = DecideDeps & { readonly book: Pick<PruneBook, 'brakes'> };

/**
 * What retention would delete and keep of all policies, of the one named, or of those of a target, by the snapshots the cloud lists now. Changes
 * nothing. Throws CloudFailure where a target does not list all of them: nothing is decided by half a listing.
 */
export async function previewPrune(deps: PreviewPruneDeps, only: { policy?: string; target?: string } = {}): Promise<PruneView> {
  const wanted = deps.policies.current().policies.filter(({ name, target }) => name === (only.policy ?? name) && target === (only.target ?? target));
  const brakes = await deps.book.brakes();
  const previews: PolicyPrune[] = [];
  for (const target of new Set(wanted.map((policy) => policy.target))) {
    const scopes = wanted.filter((policy) => policy.target === target).map((policy) => ({ policy, volumes: null }));
    for (const decided of await decideWithBrake(deps, target, scopes, { priority: 'prune' })) {
      const { policy, decisions } = decided;
      const brakeReason = braking(decided, brakes);
      previews.push({ policy: policy.name, braked: brakeReason !== null, brakeReason, deleted: shown(decisions, 'delete'), kept: shown(decisions, 'keep'), failed: [] });
    }
  }
  return { dryRun: true, policies: previews };
}

export function shown(decisions: readonly RetentionDecision[], action: RetentionDecision['action']): readonly PrunedSnapshot[] {
  return decisions.filter((each) => each.action === action).map(({ snapshot, reasons }) => ({ snapshotId: snapshot.id, volumeId: snapshot.volumeId, reasons }));
}
