import type { SimulatorIdentity, SimulatorSettings, SnapshotSpec, VolumeSpec } from '../options.ts';
import { Agenda } from './agenda.ts';
import type { SimulatorClock } from './clock.ts';
import type { Ledger, LedgerEffect } from './ledger.ts';
import { OrderedIndex } from './ordered-index.ts';
import { drawDelay, fixedPhase, type Phase } from './phase.ts';
import type { SeededRandom } from './random.ts';
import { isMade, snapshotStatus, type SnapshotRecord, type StringMap } from './snapshot.ts';
import type { VolumeRecord } from './volume.ts';

/** What a create request asks for, once validated. */
export interface SnapshotOrder {
  readonly volume: VolumeRecord;
  readonly name: string | null;
  readonly description: string | null;
  readonly metadata: StringMap;
  /** How `creating` ends; `stuck` never does. */
  readonly fate: 'available' | 'error' | 'stuck';
  readonly requestN: number;
}

export interface VolumeOrder {
  readonly name: string;
  readonly description: string | null;
  readonly sizeGb: number;
  readonly volumeType: string;
  readonly availabilityZone: string;
  readonly metadata: StringMap;
  readonly snapshotId: string | null;
}

/** How a deletion that was answered with 202 ends. */
export type DeletionFate = 'gone' | 'error_deleting' | 'available';

interface CloudParts {
  readonly identity: SimulatorIdentity;
  readonly settings: SimulatorSettings;
  readonly clock: SimulatorClock;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
}

/** The block storage of one project: volumes, snapshots, and what the clock does to them. */
export class Cloud {
  readonly identity: SimulatorIdentity;
  readonly settings: SimulatorSettings;
  readonly clock: SimulatorClock;
  readonly random: SeededRandom;
  readonly ledger: Ledger;
  readonly snapshotOrder = new OrderedIndex<SnapshotRecord>();
  readonly volumeOrder = new OrderedIndex<VolumeRecord>();
  readonly #snapshots = new Map<string, SnapshotRecord>();
  readonly #volumes = new Map<string, VolumeRecord>();
  readonly #volumeIdsByName = new Map<string, string>();
  readonly #snapshotsByVolume = new Map<string, OrderedIndex<SnapshotRecord>>();
  readonly #agenda = new Agenda();
  #sequence = 0;
  #usedGigabytes = 0;

  constructor(parts: CloudParts) {
    this.identity = parts.identity;
    this.settings = parts.settings;
    this.clock = parts.clock;
    this.random = parts.random;
    this.ledger = parts.ledger;
  }

  /** The time now, after everything due by now has happened. Epoch milliseconds. */
  now(): number {
    const nowMs = this.clock.now();
    this.#agenda.runDue(nowMs);
    return nowMs;
  }

  /** GiB of volumes and snapshots; a snapshot counts as its whole volume (seen on Cinder 21.3.1). */
  get usedGigabytes(): number {
    return this.#usedGigabytes;
  }

  get snapshotCount(): number {
    return this.#snapshots.size;
  }

  get volumeCount(): number {
    return this.#volumes.size;
  }

  snapshot(id: string): SnapshotRecord | undefined {
    return this.#snapshots.get(id.toLowerCase());
  }

  volume(id: string): VolumeRecord | undefined {
    return this.#volumes.get(id.toLowerCase());
  }

  volumeByIdOrName(idOrName: string): VolumeRecord | undefined {
    return this.volume(idOrName) ?? this.#volumes.get(this.#volumeIdsByName.get(idOrName) ?? '');
  }

  snapshotsOf(volumeId: string): OrderedIndex<SnapshotRecord> {
    return this.#snapshotsByVolume.get(volumeId.toLowerCase()) ?? new OrderedIndex<SnapshotRecord>();
  }

  /** Snapshots that count against a volume's cap: system-made backup snapshots are extra (EVS API reference, quotas). */
  countedSnapshotsOf(volumeId: string): number {
    let count = 0;
    for (const snapshot of this.snapshotsOf(volumeId).newestFirst()) if (!snapshot.autoMade) count += 1;
    return count;
  }

  /** Runs something at a later simulated instant, before anybody can see the cloud at or after it. */
  later(atMs: number, run: () => void): void {
    this.#agenda.add(atMs, run);
  }

  createSnapshot(order: SnapshotOrder): SnapshotRecord {
    const nowMs = this.now();
    const createdMicros = this.#microsAt(nowMs);
    const untilMs = order.fate === 'stuck' ? Number.POSITIVE_INFINITY : nowMs + drawDelay(this.settings.creation, this.random);
    const record: SnapshotRecord = {
      id: this.random.uuid(),
      volumeId: order.volume.id,
      sizeGb: order.volume.sizeGb,
      createdMicros,
      sortKey: this.#sortKey(createdMicros),
      autoMade: false,
      visibleAtMs: nowMs + this.settings.visibilityDelayMs,
      name: order.name,
      description: order.description,
      metadata: order.metadata,
      phase: { during: 'creating', untilMs, then: order.fate === 'stuck' ? 'creating' : order.fate, startedAtMs: nowMs },
      wasMade: false,
      editedAtMs: null,
    };
    this.#keep(record);
    this.#recordEffect('snapshot-created', record, order.requestN, 'request');
    return record;
  }

  putSnapshot(spec: SnapshotSpec): SnapshotRecord {
    const nowMs = this.now();
    const volume = this.volumeByIdOrName(spec.volume);
    if (volume === undefined) throw new RangeError(`no such volume: ${spec.volume}`);
    const createdMicros = spec.createdAt === undefined ? this.#microsAt(nowMs) : Math.round(spec.createdAt * 1000);
    const id = (spec.id ?? this.random.uuid()).toLowerCase();
    if (this.#snapshots.has(id)) throw new RangeError(`snapshot exists already: ${id}`);
    const autoMade = spec.autoMade ?? false;
    const autoName = autoMade ? `autobk_snapshot_vbs_${id}` : null;
    const record: SnapshotRecord = {
      id,
      volumeId: volume.id,
      sizeGb: volume.sizeGb,
      createdMicros,
      sortKey: this.#sortKey(createdMicros),
      autoMade,
      visibleAtMs: 0,
      name: spec.name === undefined ? autoName : spec.name,
      description: spec.description ?? null,
      metadata: autoMade ? { ...spec.metadata, __system__enableActive: 'true' } : { ...spec.metadata },
      phase: fixedPhase(spec.status ?? 'available', Math.floor(createdMicros / 1000)),
      wasMade: spec.status !== 'creating' && spec.status !== 'error',
      editedAtMs: null,
    };
    this.#keep(record);
    this.#recordEffect('snapshot-created', record, 0, 'injected');
    return record;
  }

  deleteSnapshot(record: SnapshotRecord, fate: DeletionFate, requestN: number): void {
    const nowMs = this.now();
    const untilMs = nowMs + drawDelay(this.settings.deletion, this.random);
    const phase: Phase = { during: 'deleting', untilMs, then: fate === 'gone' ? 'deleted' : fate, startedAtMs: nowMs };
    record.wasMade = isMade(record, nowMs);
    record.phase = phase;
    if (fate !== 'gone') return;
    this.later(untilMs, () => {
      // Somebody may have set another status meanwhile: then the deletion is off.
      if (record.phase === phase) this.#drop(record, untilMs, requestN, 'request');
    });
  }

  setSnapshotStatus(id: string, status: string): void {
    const record = this.snapshot(id);
    if (record === undefined) throw new RangeError(`no such snapshot: ${id}`);
    const nowMs = this.now();
    record.wasMade = isMade(record, nowMs);
    record.phase = fixedPhase(status, nowMs);
  }

  addVolume(spec: VolumeSpec): VolumeRecord {
    const createdMicros = spec.createdAt === undefined ? this.#microsAt(this.now()) : spec.createdAt * 1000;
    const id = (spec.id ?? this.random.uuid()).toLowerCase();
    if (this.#volumes.has(id)) throw new RangeError(`volume exists already: ${id}`);
    const evs = this.identity.flavour === 'evs';
    const record: VolumeRecord = {
      id,
      name: spec.name ?? `volume-${id.slice(0, 8)}`,
      description: spec.description ?? null,
      sizeGb: spec.size ?? 10,
      metadata: { ...spec.metadata },
      tags: { ...spec.tags },
      availabilityZone: spec.availabilityZone ?? (evs ? 'eu-west-101a' : 'nova'),
      volumeType: spec.volumeType ?? (evs ? 'SSD' : '__DEFAULT__'),
      snapshotId: null,
      createdMicros,
      sortKey: this.#sortKey(createdMicros),
      visibleAtMs: 0,
      phase: fixedPhase(spec.status ?? 'available', Math.floor(createdMicros / 1000)),
    };
    this.#keepVolume(record);
    return record;
  }

  createVolume(order: VolumeOrder): VolumeRecord {
    const nowMs = this.now();
    const createdMicros = this.#microsAt(nowMs);
    const untilMs = nowMs + drawDelay(this.settings.creation, this.random);
    const record: VolumeRecord = {
      id: this.random.uuid(),
      name: order.name,
      description: order.description,
      sizeGb: order.sizeGb,
      metadata: order.metadata,
      tags: {},
      availabilityZone: order.availabilityZone,
      volumeType: order.volumeType,
      snapshotId: order.snapshotId,
      createdMicros,
      sortKey: this.#sortKey(createdMicros),
      visibleAtMs: nowMs + this.settings.visibilityDelayMs,
      phase: { during: 'creating', untilMs, then: 'available', startedAtMs: nowMs },
    };
    this.#keepVolume(record);
    return record;
  }

  /** A legacy snapshot dies with its disk (EVS API reference, oddities); whether there was such a volume. */
  removeVolume(idOrName: string, requestN = 0): boolean {
    const nowMs = this.now();
    const record = this.volumeByIdOrName(idOrName);
    if (record === undefined) return false;
    // A copy: dropping changes what is walked over.
    const doomed = [...this.snapshotsOf(record.id).newestFirst()];
    for (const snapshot of doomed) {
      this.#drop(snapshot, nowMs, requestN, 'volume-removed');
    }
    this.#volumes.delete(record.id);
    this.volumeOrder.remove(record);
    if (this.#volumeIdsByName.get(record.name) === record.id) this.#volumeIdsByName.delete(record.name);
    this.#usedGigabytes -= record.sizeGb;
    return true;
  }

  /** `deleting`, then gone with all its snapshots. */
  deleteVolume(record: VolumeRecord, requestN: number): void {
    const nowMs = this.now();
    const untilMs = nowMs + drawDelay(this.settings.deletion, this.random);
    const phase: Phase = { during: 'deleting', untilMs, then: 'deleted', startedAtMs: nowMs };
    record.phase = phase;
    this.later(untilMs, () => {
      if (record.phase === phase) this.removeVolume(record.id, requestN);
    });
  }

  setVolumeStatus(idOrName: string, status: string): void {
    const record = this.volumeByIdOrName(idOrName);
    if (record === undefined) throw new RangeError(`no such volume: ${idOrName}`);
    record.phase = fixedPhase(status, this.now());
  }

  /** How many snapshots have each status; walks all of them. */
  snapshotsByStatus(): Record<string, number> {
    const nowMs = this.now();
    const counts: Record<string, number> = {};
    for (const snapshot of this.#snapshots.values()) {
      const status = snapshotStatus(snapshot, nowMs);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    return counts;
  }

  #keep(record: SnapshotRecord): void {
    this.#snapshots.set(record.id, record);
    this.snapshotOrder.add(record);
    let siblings = this.#snapshotsByVolume.get(record.volumeId);
    if (siblings === undefined) {
      siblings = new OrderedIndex<SnapshotRecord>();
      this.#snapshotsByVolume.set(record.volumeId, siblings);
    }
    siblings.add(record);
    this.#usedGigabytes += record.sizeGb;
  }

  #drop(record: SnapshotRecord, atMs: number, requestN: number, cause: LedgerEffect['cause']): void {
    if (!this.#snapshots.delete(record.id)) return;
    this.snapshotOrder.remove(record);
    const siblings = this.#snapshotsByVolume.get(record.volumeId);
    siblings?.remove(record);
    if (siblings?.size === 0) this.#snapshotsByVolume.delete(record.volumeId);
    this.#usedGigabytes -= record.sizeGb;
    this.#recordEffect('snapshot-deleted', record, requestN, cause, atMs);
  }

  #keepVolume(record: VolumeRecord): void {
    this.#volumes.set(record.id, record);
    this.volumeOrder.add(record);
    if (!this.#volumeIdsByName.has(record.name)) this.#volumeIdsByName.set(record.name, record.id);
    this.#usedGigabytes += record.sizeGb;
  }

  #recordEffect(
    kind: LedgerEffect['kind'],
    record: SnapshotRecord,
    requestN: number,
    cause: LedgerEffect['cause'],
    atMs = this.clock.now(),
  ): void {
    const { id: snapshotId, volumeId, name, metadata } = record;
    this.ledger.recordEffect({ at: atMs, kind, snapshotId, volumeId, name, metadata, requestN, cause });
  }

  /** Real clouds have microseconds, ours only milliseconds: the rest is a running number. */
  #microsAt(nowMs: number): number {
    this.#sequence = (this.#sequence + 1) % 1000;
    return Math.floor(nowMs) * 1000 + this.#sequence;
  }

  #sortKey(micros: number): number {
    return this.identity.flavour === 'cinder' ? Math.floor(micros / 1_000_000) : micros;
  }
}
