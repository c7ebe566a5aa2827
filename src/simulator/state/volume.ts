import { statusAt, type Phase } from './phase.ts';
import type { StringMap } from './snapshot.ts';

export interface VolumeRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly sizeGb: number;
  readonly metadata: StringMap;
  readonly tags: StringMap;
  readonly availabilityZone: string;
  readonly volumeType: string;
  /** The snapshot it was made from. */
  readonly snapshotId: string | null;
  readonly createdMicros: number;
  readonly sortKey: number;
  readonly visibleAtMs: number;
  phase: Phase;
}

/** A volume as the simulator tells its owner about it (not the wire format). */
export interface VolumeView {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  /** GiB. */
  readonly size: number;
  readonly metadata: StringMap;
  readonly tags: StringMap;
  readonly availabilityZone: string;
  readonly volumeType: string;
  readonly snapshotId: string | null;
  /** Epoch milliseconds. */
  readonly createdAt: number;
}

export function volumeStatus(volume: VolumeRecord, nowMs: number): string {
  return statusAt(volume.phase, nowMs);
}

export function viewOfVolume(volume: VolumeRecord, nowMs: number): VolumeView {
  return {
    id: volume.id,
    name: volume.name,
    status: volumeStatus(volume, nowMs),
    size: volume.sizeGb,
    metadata: { ...volume.metadata },
    tags: { ...volume.tags },
    availabilityZone: volume.availabilityZone,
    volumeType: volume.volumeType,
    snapshotId: volume.snapshotId,
    createdAt: Math.floor(volume.createdMicros / 1000),
  };
}
