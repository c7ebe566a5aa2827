import { CloudFailure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Policy } from '#domain/policy';
import { brakeReason } from '#domain/retention/brake';
import type { VolumePrune } from '#domain/retention/brake';
import { decideRetention } from '#domain/retention/decide-retention';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import type { Instant } from '#domain/time';
import type { Cloud } from './ports/cloud.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { PolicyPrune, PruneView, PrunedSnapshot } from './views/prune-view.ts';

export interface PreviewPruneDeps {
  readonly policies: Policies;
  readonly clouds: Clouds;
  readonly ledger: Pick<Ledger, 'now'>;
}

/** Snapshots of this instance by policy and volume. */
type Owned = ReadonlyMap<string, ReadonlyMap<string, readonly Snapshot[]>>;

/**
 * What retention would delete and keep of all policies, or of the one named, by the snapshots the cloud lists now. Changes
 * nothing. Throws CloudFailure where a target does not list all of them: nothing is decided by half a listing.
 */
export async function previewPrune(deps: PreviewPruneDeps, only?: string): Promise<PruneView> {
  const { instance, policies } = deps.policies.current();
  const wanted = policies.filter(({ name }) => only === undefined || name === only);
  const now = await deps.ledger.now();
  const previews: PolicyPrune[] = [];
  for (const target of new Set(wanted.map((policy) => policy.target))) {
    const cloud = deps.clouds.of(target);
    const ofTarget = wanted.filter((policy) => policy.target === target);
    const owned = await listOwned(cloud, instance, new Set(ofTarget.map(({ name }) => name)));
    const existing = await existingVolumes(cloud, owned);
    for (const policy of ofTarget) {
      const { decisions, brake } = decidePolicy(instance, policy, owned.get(policy.name) ?? new Map(), existing, now);
      previews.push({ policy: policy.name, braked: brake !== null, deleted: shown(decisions, 'delete'), kept: shown(decisions, 'keep'), failed: [] });
    }
  }
  return { dryRun: true, policies: previews };
}

/**
 * What becomes of each snapshot of these volumes under a policy, foreign ones too, and why the brake would hold; null
 * where it would not. `existing` are the volumes that are not gone.
 */
export function decidePolicy(
  instance: string,
  policy: Policy,
  volumes: ReadonlyMap<string, readonly Snapshot[]>,
  existing: ReadonlySet<string>,
  now: Instant,
): { readonly decisions: readonly RetentionDecision[]; readonly brake: string | null } {
  const decisions: RetentionDecision[] = [];
  const counts: VolumePrune[] = [];
  for (const [volumeId, snapshots] of volumes) {
    const input = { instance, policy: policy.name, timezone: policy.schedule.timezone, rules: policy.retention, snapshots, now };
    const decided = orphansKept(policy, existing.has(volumeId), decideRetention(input));
    decisions.push(...decided);
    const good = decided.filter(({ snapshot, action }) => action !== 'ignore' && snapshot.status === 'available').length;
    counts.push({ volumeId, good, expired: decided.filter(({ cause }) => cause === 'expired').length });
  }
  return { decisions, brake: brakeReason(counts) };
}

async function listOwned(cloud: Cloud, instance: string, policies: ReadonlySet<string>): Promise<Owned> {
  const owned = new Map<string, Map<string, Snapshot[]>>();
  for await (const page of cloud.snapshotPages({}, { priority: 'prune' })) {
    for (const snapshot of page) {
      const owner = ownershipOf(snapshot.metadata);
      if (owner === null || owner.instance !== instance || !policies.has(owner.policy)) continue;
      const volumes = owned.get(owner.policy) ?? new Map<string, Snapshot[]>();
      owned.set(owner.policy, volumes);
      const snapshots = volumes.get(snapshot.volumeId);
      if (snapshots === undefined) volumes.set(snapshot.volumeId, [snapshot]);
      else snapshots.push(snapshot);
    }
  }
  return owned;
}

/** A volume that the listing does not show is gone only where the cloud says so when it is asked for it. */
async function existingVolumes(cloud: Cloud, owned: Owned): Promise<ReadonlySet<string>> {
  const existing = new Set<string>();
  for await (const page of cloud.volumePages({ withTags: false }, { priority: 'prune' })) for (const { id } of page) existing.add(id);
  for (const volumes of owned.values()) for (const id of volumes.keys()) if (!existing.has(id) && !(await isGone(cloud, id))) existing.add(id);
  return existing;
}

export async function isGone(cloud: Cloud, volumeId: string): Promise<boolean> {
  try {
    await cloud.showVolume(volumeId, { priority: 'prune' });
    return false;
  } catch (error) {
    if (error instanceof CloudFailure && error.failure.kind === 'not_found') return true;
    throw error;
  }
}

/** The snapshots of a volume that is gone are the last there is of it: they stay unless the policy says otherwise. */
function orphansKept(policy: Policy, exists: boolean, decisions: readonly RetentionDecision[]): readonly RetentionDecision[] {
  if (exists || policy.retention?.orphans === 'expire') return decisions;
  return decisions.map((decision) =>
    decision.cause === 'expired' ? { ...decision, action: 'keep', reasons: ['the volume is gone (orphans: keep)'], cause: null } : decision);
}

function shown(decisions: readonly RetentionDecision[], action: RetentionDecision['action']): readonly PrunedSnapshot[] {
  return decisions.filter((each) => each.action === action).map(({ snapshot, reasons }) => ({ snapshotId: snapshot.id, volumeId: snapshot.volumeId, reasons }));
}
