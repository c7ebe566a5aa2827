import { CloudFailure } from '#domain/failure/failure';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Policy } from '#domain/policy';
import type { Snapshot } from '#domain/snapshot';
import type { Volume } from '#domain/volume';
import { asksForTags } from './list-volumes.ts';
import type { Cloud } from './ports/cloud.ts';
import { isGone } from './prune/gone-volumes.ts';

/** Everything that a plan needs to know of one target, from one listing of its volumes and one of its snapshots. */
export interface TargetReading {
  readonly volumes: readonly Volume[];
  readonly volumePages: number;
  readonly snapshotPages: number;
  /** All snapshots of each volume, foreign ones too, newest first. */
  readonly snapshots: ReadonlyMap<string, readonly Snapshot[]>;
  /** The volumes that bear snapshots of each policy of this instance. */
  readonly ownedVolumes: ReadonlyMap<string, ReadonlySet<string>>;
  /** Volumes with snapshots of ours that the cloud says are no more. */
  readonly gone: ReadonlySet<string>;
}

/** Reads, and changes nothing. Gives way to every other call of the service. Throws CloudFailure where the target does not list all. */
export async function readTarget(cloud: Cloud, instance: string, policies: readonly Policy[]): Promise<TargetReading> {
  const withTags = policies.some(({ volumes }) => asksForTags(volumes));
  const volumes: Volume[] = [];
  let volumePages = 0;
  for await (const page of cloud.volumePages({ withTags }, { priority: 'prune' })) {
    volumePages += 1;
    volumes.push(...page);
  }
  const snapshots = new Map<string, Snapshot[]>();
  const ownedVolumes = new Map<string, Set<string>>();
  let snapshotPages = 0;
  for await (const page of cloud.snapshotPages({}, { priority: 'prune' })) {
    snapshotPages += 1;
    for (const snapshot of page) {
      add(snapshots, snapshot);
      const owner = ownershipOf(snapshot.metadata);
      if (owner?.instance !== instance) continue;
      const owned = ownedVolumes.get(owner.policy) ?? new Set<string>();
      ownedVolumes.set(owner.policy, owned.add(snapshot.volumeId));
    }
  }
  const listed = new Set(volumes.map(({ id }) => id));
  const gone = new Set<string>();
  const asked = new Set(policies.flatMap(({ name }) => [...(ownedVolumes.get(name) ?? [])]));
  for (const id of asked) if (!listed.has(id) && (await isGone(cloud, id, { priority: 'prune' }))) gone.add(id);
  // An empty listing is a call, too.
  return { volumes, volumePages: Math.max(1, volumePages), snapshotPages: Math.max(1, snapshotPages), snapshots, ownedVolumes, gone };
}

/** What a failed reading says to people: status, code and words of the cloud. Throws on anything that is no answer of a cloud. */
export function targetFailure(error: unknown): string {
  if (!(error instanceof CloudFailure)) throw error;
  const { httpStatus, code, message } = error.failure;
  return [httpStatus, code, message].filter((part) => part !== null).join(' ');
}

function add(snapshots: Map<string, Snapshot[]>, snapshot: Snapshot): void {
  const known = snapshots.get(snapshot.volumeId);
  if (known === undefined) snapshots.set(snapshot.volumeId, [snapshot]);
  else known.push(snapshot);
}
