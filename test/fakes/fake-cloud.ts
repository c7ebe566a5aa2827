import type { CallOptions, CallPriority, Cloud, CreateSnapshotRequest, CreateVolumeRequest, Quota, Quotas, SnapshotQuery } from '#app/ports/cloud';
import type { Clouds } from '#app/ports/clouds';
import type { CloudFailure } from '#domain/failure/failure';
import type { Snapshot } from '#domain/snapshot';
import { addMs, instant } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Volume } from '#domain/volume';
import { volumeReadiness } from '#domain/volume-status';
import { answers, cinderError, evsError, refused } from './cloud-answers.ts';
import type { ManualClock } from './manual-clock.ts';

export type CloudOperation = 'createSnapshot' | 'showSnapshot' | 'snapshotPages' | 'deleteSnapshot' | 'volumePages' | 'showVolume' | 'createVolume' | 'quotas' | 'authenticate' | 'other';

/** What the next create call does, in place of going well. */
export interface CreateScript {
  /** Refuses with this, and nothing is made. */
  readonly refuse?: CloudFailure;
  /** Makes the snapshot, and then fails with this. */
  readonly loseAnswer?: CloudFailure;
  /** Makes the snapshot, which ends as this; `creating` for ever. */
  readonly ends?: 'error' | 'creating';
  /** The token is refused first: the call is sent twice, the second time with a fresh one. */
  readonly renewsToken?: boolean;
  /** The snapshot is in no answer before this has passed. */
  readonly invisibleFor?: number;
}

/** What becomes of a snapshot whose delete was accepted, in place of being gone. */
export type DeleteEnd = 'error_deleting' | 'available';

interface MadeSnapshot {
  readonly snapshot: Snapshot;
  readonly madeAt: Instant;
  readonly visibleAt: Instant;
  readonly ends: string;
  readonly deletion: { readonly at: Instant; readonly ends: DeleteEnd | 'gone' } | null;
}

/** One cloud in memory, behind the port: volumes with a status, snapshots that take their time by the manual clock. */
export class FakeCloud implements Cloud, Clouds {
  readonly #clock: ManualClock;
  readonly volumes = new Map<string, Volume>();
  #made: MadeSnapshot[] = [];
  #ids = 0;
  readonly #createScripts: CreateScript[] = [];
  readonly #failures = new Map<CloudOperation, CloudFailure[]>();
  readonly #restoreScripts: CreateScript[] = [];
  readonly #restored = new Map<string, { readonly doneAt: Instant; readonly visibleAt: Instant; readonly ends: string }>();
  /** Calls for a volume from a snapshot that were sent. */
  readonly restores: CreateVolumeRequest[] = [];
  /** Create calls that were sent. */
  readonly creates: CreateSnapshotRequest[] = [];
  readonly deleted: string[] = [];
  readonly #calls: { readonly operation: CloudOperation; readonly priority: CallPriority | undefined }[] = [];
  /** How long a snapshot is `creating`. */
  creationMs = 3_000;
  /** How long a snapshot is `deleting`; with 0 it is gone at once. */
  deletionMs = 0;
  readonly #deleteEnds = new Map<string, DeleteEnd>();
  pageSize = 1_000;
  snapshotQuota: Pick<Quota, 'limit'> = { limit: null };
  gigabytes: Quota | null = null;
  /** Awaited in every call before anything happens: a slow or hanging cloud. */
  beforeCall: (operation: CloudOperation, subject: string) => Promise<void> = async () => undefined;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  of(): Cloud {
    return this;
  }

  addVolume(id: string, fields: Partial<Volume> = {}): void {
    this.volumes.set(id, { id, name: id, status: 'available', sizeGb: 10, availabilityZone: null, metadata: {}, tags: {}, createdAt: null, ...fields });
  }

  setVolumeStatus(id: string, status: string): void {
    const volume = this.volumes.get(id);
    if (volume !== undefined) this.volumes.set(id, { ...volume, status });
  }

  /** What the next create calls do, one each; afterwards they go well. */
  scriptCreates(...scripts: readonly CreateScript[]): void {
    this.#createScripts.push(...scripts);
  }

  /** What the next calls for a volume from a snapshot do. */
  scriptRestores(...scripts: readonly CreateScript[]): void {
    this.#restoreScripts.push(...scripts);
  }

  /** The next calls of this kind fail, one with each. */
  failNext(operation: CloudOperation, ...failures: readonly CloudFailure[]): void {
    this.#failures.set(operation, [...(this.#failures.get(operation) ?? []), ...failures]);
  }

  /** Failures that were ordered and did not come are off. */
  answerAgain(): void {
    this.#failures.clear();
  }

  /** How many calls of this kind came, failed ones too; a listing counts its pages. */
  calls(operation: CloudOperation, priority?: CallPriority): number {
    return this.#calls.filter((call) => call.operation === operation && (priority === undefined || call.priority === priority)).length;
  }

  /** Everything that exists, visible or not, oldest first. */
  snapshots(): Snapshot[] {
    return this.#existing().map((made) => this.#shown(made));
  }

  /** The next delete of this snapshot is accepted, and ends so. */
  scriptDelete(id: string, end: DeleteEnd): void {
    this.#deleteEnds.set(id, end);
  }

  /** A snapshot that somebody else made, or an earlier life of ours did. */
  addSnapshot(snapshot: Pick<Snapshot, 'id' | 'volumeId'> & Partial<Snapshot>): void {
    const made = { name: snapshot.id, metadata: {}, status: 'available', sizeGb: 10, createdAt: this.#clock.now(), ...snapshot };
    this.#made.push({ snapshot: made, madeAt: instant(0), visibleAt: instant(0), ends: made.status, deletion: null });
  }

  removeSnapshot(id: string): void {
    this.#made = this.#made.filter(({ snapshot }) => snapshot.id !== id);
  }

  async createSnapshot(request: CreateSnapshotRequest, options?: CallOptions): Promise<{ snapshot: Snapshot; requestId: string | null }> {
    options?.signal?.throwIfAborted();
    await options?.beforeSend?.();
    const script = this.#createScripts.shift() ?? {};
    // Refused with 401, and sent again with a fresh token.
    if (script.renewsToken === true) await options?.beforeSend?.();
    this.creates.push(request);
    await this.#call('createSnapshot', request.volumeId, options);
    if (script.refuse !== undefined) throw script.refuse;
    const volume = this.volumes.get(request.volumeId);
    if (volume === undefined) throw answers.gone();
    if (volumeReadiness(volume.status) !== 'ready') throw stateRefusal(volume.status);

    this.#ids += 1;
    const now = this.#clock.now();
    const { volumeId, name, metadata } = request;
    const snapshot: Snapshot = { id: `snap-${this.#ids}`, volumeId, name, metadata, status: 'creating', sizeGb: volume.sizeGb, createdAt: now };
    this.#made.push({ snapshot, madeAt: now, visibleAt: addMs(now, script.invisibleFor ?? 0), ends: script.ends ?? 'available', deletion: null });
    if (script.loseAnswer !== undefined) throw script.loseAnswer;
    return { snapshot, requestId: `req-create-${this.#ids}` };
  }

  async showSnapshot(id: string, options?: CallOptions): Promise<Snapshot> {
    await this.#call('showSnapshot', id, options);
    const snapshot = this.#visible().find((each) => each.id === id);
    if (snapshot === undefined) throw refused(404, cinderError('itemNotFound', 404, `Snapshot ${id} could not be found.`));
    return snapshot;
  }

  async *snapshotPages(query: SnapshotQuery, options?: CallOptions): AsyncGenerator<readonly Snapshot[]> {
    const found = this.#visible().toReversed().filter((each) => query.volumeId === undefined || each.volumeId === query.volumeId);
    for (let from = 0; from === 0 || from < found.length; from += this.pageSize) {
      await this.#call('snapshotPages', query.volumeId ?? '', options);
      yield found.slice(from, from + this.pageSize);
    }
  }

  async deleteSnapshot(id: string, options?: CallOptions): Promise<void> {
    await this.#call('deleteSnapshot', id, options);
    const snapshot = this.snapshots().find((each) => each.id === id);
    if (snapshot === undefined) throw refused(404, cinderError('itemNotFound', 404, `Snapshot ${id} could not be found.`));
    if (snapshot.status !== 'available' && snapshot.status !== 'error') throw refused(400, evsError('EVS.1047', 'Invalid snapshot: Snapshot status must be available or error.'));
    this.deleted.push(id);
    const deletion = { at: this.#clock.now(), ends: this.#deleteEnds.get(id) ?? ('gone' as const) };
    this.#made = this.#made.map((made) => (made.snapshot.id === id ? { ...made, deletion } : made));
  }

  async *volumePages(_query: { withTags: boolean }, options?: CallOptions): AsyncGenerator<readonly Volume[]> {
    await this.#call('volumePages', '', options);
    const now = this.#clock.now();
    yield [...this.volumes.keys()].filter((id) => (this.#restored.get(id)?.visibleAt ?? 0) <= now).map((id) => this.#volumeNow(id));
  }

  async showVolume(id: string, options?: CallOptions): Promise<Volume> {
    await this.#call('showVolume', id, options);
    if ((this.#restored.get(id)?.visibleAt ?? 0) > this.#clock.now()) throw answers.gone();
    return this.#volumeNow(id);
  }

  async addSnapshotMetadata(id: string, metadata: Readonly<Record<string, string>>, options?: CallOptions): Promise<Readonly<Record<string, string>>> {
    const snapshot = await this.showSnapshot(id, options);
    const merged = { ...snapshot.metadata, ...metadata };
    this.#made = this.#made.map((made) => (made.snapshot.id === id ? { ...made, snapshot: { ...made.snapshot, metadata: merged } } : made));
    return merged;
  }

  async quotas(options?: CallOptions): Promise<Quotas> {
    await this.#call('quotas', '', options);
    return { snapshots: { ...this.snapshotQuota, inUse: this.#made.length }, gigabytes: this.gigabytes };
  }

  async createVolumeFromSnapshot(request: CreateVolumeRequest, options?: CallOptions): Promise<Volume> {
    const script = this.#restoreScripts.shift() ?? {};
    this.restores.push(request);
    await this.#call('createVolume', request.snapshotId, options);
    if (script.refuse !== undefined) throw script.refuse;
    const { name, sizeGb, availabilityZone, metadata } = request;
    const id = `restored-${this.restores.length}`;
    const now = this.#clock.now();
    this.addVolume(id, { name, status: 'creating', sizeGb, availabilityZone, metadata, createdAt: now });
    this.#restored.set(id, { doneAt: addMs(now, this.creationMs), visibleAt: addMs(now, script.invisibleFor ?? 0), ends: script.ends ?? 'available' });
    if (script.loseAnswer !== undefined) throw script.loseAnswer;
    return this.#volumeNow(id);
  }

  async authenticate(options?: CallOptions): Promise<{ expiresInMs: DurationMs | null }> {
    await this.#call('authenticate', '', options);
    return { expiresInMs: null };
  }

  async close(): Promise<void> {
    await this.#call('other', '');
  }

  async #call(operation: CloudOperation, subject: string, options?: CallOptions): Promise<void> {
    options?.signal?.throwIfAborted();
    this.#calls.push({ operation, priority: options?.priority });
    await this.beforeCall(operation, subject);
    const failure = this.#failures.get(operation)?.shift();
    if (failure !== undefined) throw failure;
  }

  #volumeNow(id: string): Volume {
    const volume = this.volumes.get(id);
    if (volume === undefined) throw answers.gone();
    const restored = this.#restored.get(id);
    return restored === undefined || this.#clock.now() < restored.doneAt ? volume : { ...volume, status: restored.ends };
  }

  #visible(): Snapshot[] {
    return this.#existing().filter(({ visibleAt }) => visibleAt <= this.#clock.now()).map((made) => this.#shown(made));
  }

  #existing(): readonly MadeSnapshot[] {
    this.#made = this.#made.filter(({ deletion }) => deletion?.ends !== 'gone' || this.#clock.now() < addMs(deletion.at, this.deletionMs));
    return this.#made;
  }

  #shown({ snapshot, madeAt, ends, deletion }: MadeSnapshot): Snapshot {
    if (deletion !== null) return { ...snapshot, status: deletion.ends === 'gone' || this.#clock.now() < addMs(deletion.at, this.deletionMs) ? 'deleting' : deletion.ends };
    return { ...snapshot, status: this.#clock.now() >= addMs(madeAt, this.creationMs) ? ends : 'creating' };
  }
}

function stateRefusal(status: string): CloudFailure {
  return refused(400, cinderError('badRequest', 400, `Invalid volume: Volume status must be available or in-use, but current status is: ${status}.`));
}
