import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Snapshot } from '#domain/snapshot';
import type { CallOptions, Cloud } from './ports/cloud.ts';

/**
 * All snapshots of a volume that bear the mark of this run, newest first, whatever their status. Reads every page and
 * compares itself: a filter that the cloud ignores returns more, never less.
 */
export async function findOwnSnapshots(cloud: Cloud, run: { id: string; volumeId: string }, options: CallOptions): Promise<readonly Snapshot[]> {
  const found: Snapshot[] = [];
  for await (const page of cloud.snapshotPages({ volumeId: run.volumeId }, options)) {
    for (const snapshot of page) {
      if (snapshot.volumeId === run.volumeId && ownershipOf(snapshot.metadata)?.runId === run.id) found.push(snapshot);
    }
  }
  return found;
}
