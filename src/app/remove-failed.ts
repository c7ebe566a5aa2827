import { CloudFailure } from '#domain/failure/failure';
import type { Clouds } from './ports/clouds.ts';

/**
 * Deletes a snapshot of ours that ended in error: it holds no data and counts against the cloud's cap for the volume.
 * Best effort; what stays is cleaned up with the failed snapshots of the policy.
 */
export async function removeFailed(deps: { clouds: Clouds }, target: string, snapshotId: string, signal: AbortSignal): Promise<void> {
  try {
    await deps.clouds.of(target).deleteSnapshot(snapshotId, { signal, priority: 'prune' });
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
  }
}
