import { CloudFailure } from '#domain/failure/failure';
import { isHeld } from '#domain/naming/owned-metadata';
import type { Snapshot } from '#domain/snapshot';
import type { Clouds } from './ports/clouds.ts';

/**
 * Deletes a snapshot of ours that ended in error: it holds no data and counts against the cloud's cap for the volume. One
 * that somebody holds stays.
 * Best effort; what stays is cleaned up with the failed snapshots of the policy.
 */
export async function removeFailed(deps: { clouds: Clouds }, target: string, snapshot: Snapshot, signal: AbortSignal): Promise<void> {
  if (isHeld(snapshot.metadata)) return;
  try {
    await deps.clouds.of(target).deleteSnapshot(snapshot.id, { signal, priority: 'prune' });
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
  }
}
