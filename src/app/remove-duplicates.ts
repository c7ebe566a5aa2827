import { CloudFailure } from '#domain/failure/failure';
import { isHeld } from '#domain/naming/owned-metadata';
import type { Snapshot } from '#domain/snapshot';
import { findOwnSnapshots } from './find-own-snapshots.ts';
import { runFields } from './run-in-hand.ts';
import type { WatchDeps, WatchedRun } from './watched-run.ts';

/** Whether more than one snapshot may exist of a run: an answer was lost, or a snapshot was found instead of made. */
export function mayHaveDuplicates({ run }: WatchedRun): boolean {
  // A try that was cut off counts and has left no attempt.
  const answered = run.attempts.filter(({ result }) => result === 'accepted' || result === 'failed').length;
  return run.adopted || run.tries > answered;
}

/**
 * Of several good snapshots of one run the oldest stays; the others are deleted and counted, but for
 * one that somebody holds. `good` is the one just seen
 * to be available. Returns the one that stays; null where the cloud did not list or delete, and it has to be tried again.
 */
export async function removeDuplicates(deps: WatchDeps, { run, firing }: WatchedRun, good: Snapshot, signal: AbortSignal): Promise<Snapshot | null> {
  const cloud = deps.clouds.of(firing.target);
  try {
    const own = await findOwnSnapshots(cloud, run, { signal, priority: 'watch' });
    const available = own.filter(({ status }) => status === 'available');
    const kept = available.reduce((oldest, each) => (isOlder(each, oldest) ? each : oldest), good);
    for (const { id, metadata } of available) {
      if (id === kept.id || isHeld(metadata)) continue;
      await cloud.deleteSnapshot(id, { signal, priority: 'prune' });
      deps.telemetry.emit('snapshot.duplicate', { ...runFields(firing, run), snapshotId: id, keptSnapshotId: kept.id });
    }
    return kept;
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    return null;
  }
}

/** By the cloud's clock; of two made in the same second the smaller id, so that every replica chooses alike. */
function isOlder(a: Snapshot, b: Snapshot): boolean {
  const [at, bt] = [a.createdAt ?? Number.MAX_SAFE_INTEGER, b.createdAt ?? Number.MAX_SAFE_INTEGER];
  return at === bt ? a.id < b.id : at < bt;
}
