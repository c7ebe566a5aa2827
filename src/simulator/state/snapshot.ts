import { changedAt, statusAt, type Phase } from './phase.ts';

export type StringMap = Readonly<Record<string, string>>;

export interface SnapshotRecord {
  readonly id: string;
  readonly volumeId: string;
  readonly sizeGb: number;
  /** Microseconds since the epoch, UTC. */
  readonly createdMicros: number;
  /** What listings sort by: whole seconds on Cinder, whose database keeps no more; microseconds on EVS. */
  readonly sortKey: number;
  /** Made by a server backup: not counted against the volume's cap, not to be deleted by users. */
  readonly autoMade: boolean;
  readonly visibleAtMs: number;
  name: string | null;
  description: string | null;
  metadata: StringMap;
  phase: Phase;
  /** It was usable before the present phase began. */
  wasMade: boolean;
  /** A change of name, description or metadata; epoch milliseconds. */
  editedAtMs: number | null;
}

export function snapshotStatus(snapshot: SnapshotRecord, nowMs: number): string {
  return statusAt(snapshot.phase, nowMs);
}

/** Whether the data were ever there: what Cinder's progress of `100%` tells, whatever the status is now (seen on 21.3.1). */
export function isMade(snapshot: SnapshotRecord, nowMs: number): boolean {
  const status = snapshotStatus(snapshot, nowMs);
  return snapshot.wasMade || (snapshot.phase.during === 'creating' && status !== 'creating' && status !== 'error');
}

export function snapshotUpdatedAt(snapshot: SnapshotRecord, nowMs: number): number | null {
  const changed = changedAt(snapshot.phase, nowMs);
  if (changed === null || snapshot.editedAtMs === null) return changed ?? snapshot.editedAtMs;
  return Math.max(changed, snapshot.editedAtMs);
}

/** A snapshot as the simulator tells its owner about it (not the wire format). */
export interface SnapshotView {
  readonly id: string;
  readonly volumeId: string;
  readonly name: string | null;
  readonly description: string | null;
  readonly status: string;
  /** GiB. */
  readonly size: number;
  readonly metadata: StringMap;
  /** Epoch milliseconds. */
  readonly createdAt: number;
  readonly autoMade: boolean;
}

export function viewOfSnapshot(snapshot: SnapshotRecord, nowMs: number): SnapshotView {
  return {
    id: snapshot.id,
    volumeId: snapshot.volumeId,
    name: snapshot.name,
    description: snapshot.description,
    status: snapshotStatus(snapshot, nowMs),
    size: snapshot.sizeGb,
    metadata: { ...snapshot.metadata },
    createdAt: Math.floor(snapshot.createdMicros / 1000),
    autoMade: snapshot.autoMade,
  };
}
