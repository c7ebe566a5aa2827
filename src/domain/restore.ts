import { ownershipOf } from './naming/owned-metadata.ts';
import { plainText } from './naming/plain-text.ts';
import { MAX_NAME_LENGTH } from './naming/snapshot-name.ts';
import type { Snapshot } from './snapshot.ts';
import type { Instant } from './time.ts';

/** The metadata entry by which a restored volume is known again after a lost answer: the id of the command that asked for it. */
export const RESTORE_KEY = 'snapkeep_restore';

/**
 * Of the snapshots of one volume, the newest good one that the policy made at or before `at`, by due time; of two of
 * one due time the older, which is the one that counts. Null where there is none.
 */
export function newestGoodAt(snapshots: readonly Snapshot[], wanted: { instance: string; policy: string; at: Instant }): Snapshot | null {
  let best: { readonly snapshot: Snapshot; readonly due: Instant } | null = null;
  for (const snapshot of snapshots) {
    const owner = ownershipOf(snapshot.metadata);
    if (owner === null || owner.instance !== wanted.instance || owner.policy !== wanted.policy) continue;
    if (snapshot.status !== 'available' || owner.due > wanted.at) continue;
    const isBetter = best === null || owner.due > best.due || (owner.due === best.due && (snapshot.createdAt ?? Infinity) < (best.snapshot.createdAt ?? Infinity));
    if (isBetter) best = { snapshot, due: owner.due };
  }
  return best?.snapshot ?? null;
}

/** Whether a volume can be made of a snapshot in this status; the second one on EVS only (EVS API reference, EVS.2043). */
export function isRestorable(status: string): boolean {
  return status === 'available' || status === 'backing-up';
}

/** What the new volume is called where nobody says: after the snapshot, at most 64 characters. */
export function restoredName(snapshot: Pick<Snapshot, 'id' | 'name'>): string {
  const of = plainText(snapshot.name ?? '');
  return plainText(`restored-${of === '' ? snapshot.id : of}`.slice(0, MAX_NAME_LENGTH));
}
