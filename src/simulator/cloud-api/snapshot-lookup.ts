import type { Call } from '../http/call.ts';
import { notFound } from '../http/refusal.ts';
import type { SnapshotRecord } from '../state/snapshot.ts';
import type { VolumeRecord } from '../state/volume.ts';

/** The snapshot the path names, if it is there and already visible. */
export function visibleSnapshot(call: Call): SnapshotRecord {
  const id = call.params['id'] ?? '';
  const nowMs = call.cloud.now();
  const snapshot = call.cloud.snapshot(id);
  if (snapshot === undefined || snapshot.visibleAtMs > nowMs) throw notFound(`Snapshot ${id} could not be found.`);
  return snapshot;
}

export function visibleVolume(call: Call, id: string): VolumeRecord {
  const nowMs = call.cloud.now();
  const volume = call.cloud.volume(id);
  if (volume === undefined || volume.visibleAtMs > nowMs) throw notFound(`Volume ${id} could not be found.`);
  return volume;
}
