import { CLOUD_PREFIX, OWNED_PREFIX, ownershipOf } from '#domain/naming/owned-metadata';
import type { Policy } from '#domain/policy';
import type { Snapshot } from '#domain/snapshot';
import type { CallOptions, Cloud } from '../ports/cloud.ts';

/** The volumes of a policy that are to be pruned; null is all that it has snapshots of. */
export interface PruneScope {
  readonly policy: Policy;
  readonly volumes: ReadonlySet<string> | null;
}

/** Snapshots of this instance by policy name and volume id. */
export type Owned = ReadonlyMap<string, ReadonlyMap<string, readonly Snapshot[]>>;

/** Up to so many volumes are listed one by one; for more, one listing of everything is less than a call for each. */
const FEW = 20;

/**
 * The snapshots of this instance within the scopes, read to the last page. Throws CloudFailure where the cloud does not
 * list all of them.
 */
export async function listOwned(cloud: Cloud, instance: string, scopes: readonly PruneScope[], options: CallOptions): Promise<Owned> {
  const owned = new Map<string, Map<string, Snapshot[]>>();
  const scopeOf = new Map(scopes.map((scope) => [scope.policy.name, scope]));
  for (const volumeId of queries(scopes)) {
    for await (const page of cloud.snapshotPages(volumeId === null ? {} : { volumeId }, options)) {
      for (const snapshot of page) {
        const owner = ownershipOf(snapshot.metadata);
        if (owner?.instance !== instance || (volumeId !== null && snapshot.volumeId !== volumeId)) continue;
        const scope = scopeOf.get(owner.policy);
        if (scope === undefined || scope.volumes?.has(snapshot.volumeId) === false) continue;
        gather(owned, owner.policy, lean(snapshot));
      }
    }
  }
  return owned;
}

/** What to ask the cloud for: single volumes, or (null) everything. */
function queries(scopes: readonly PruneScope[]): readonly (string | null)[] {
  const volumes = new Set<string>();
  for (const scope of scopes) {
    if (scope.volumes === null) return [null];
    for (const id of scope.volumes) volumes.add(id);
  }
  return volumes.size > FEW ? [null] : [...volumes];
}

function gather(owned: Map<string, Map<string, Snapshot[]>>, policy: string, snapshot: Snapshot): void {
  const volumes = owned.get(policy) ?? new Map<string, Snapshot[]>();
  owned.set(policy, volumes);
  const snapshots = volumes.get(snapshot.volumeId);
  if (snapshots === undefined) volumes.set(snapshot.volumeId, [snapshot]);
  else snapshots.push(snapshot);
}

/** Without the metadata that decides nothing, because a great many of them are held at once. */
function lean(snapshot: Snapshot): Snapshot {
  const deciding = Object.entries(snapshot.metadata).filter(([key]) => key.startsWith(OWNED_PREFIX) || key.startsWith(CLOUD_PREFIX));
  return { ...snapshot, metadata: Object.fromEntries(deciding) };
}
