import type { Snapshot } from '#domain/snapshot';
import type { DurationMs } from '#domain/time';
import type { Volume } from '#domain/volume';

/** Which of the waiting calls of a target goes first when its rate is used up. */
export type CallPriority = 'create' | 'watch' | 'prune';

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly priority?: CallPriority;
  /**
   * Awaited when the rate allows the call and the credentials are at hand, right before it is sent, and again before a
   * repetition. What it throws ends the call unsent and reaches the caller as it is.
   */
  readonly beforeSend?: () => Promise<void>;
}

export interface CreateSnapshotRequest {
  readonly volumeId: string;
  readonly name: string;
  readonly description: string | null;
  readonly force: boolean;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface CreateVolumeRequest {
  readonly snapshotId: string;
  readonly name: string;
  readonly volumeType: string | null;
  readonly sizeGb: number;
  readonly availabilityZone: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** What a list is narrowed to by the cloud. A filter is a saving, never a proof: the caller compares again. */
export interface SnapshotQuery {
  readonly volumeId?: string;
  readonly status?: string;
}

export interface Quota {
  /** Null is unlimited. */
  readonly limit: number | null;
  readonly inUse: number;
}

/** Snapshots draw on both: on the second as much as their volume is large. */
export interface Quotas {
  readonly snapshots: Quota;
  /** Of volumes and snapshots together; null where the answer does not have it. */
  readonly gigabytes: Quota | null;
}

/**
 * The cloud of one target. Every call throws CloudFailure and nothing else, but for the abort reason where its signal
 * is aborted and what `beforeSend` throws. No call repeats itself, except once with a fresh token after a 401.
 */
export interface Cloud {
  /** Accepted is not made: the answer is usually `creating`. The request id is the cloud's, for the log. */
  createSnapshot(request: CreateSnapshotRequest, options?: CallOptions): Promise<{ snapshot: Snapshot; requestId: string | null }>;
  showSnapshot(id: string, options?: CallOptions): Promise<Snapshot>;
  /** Newest first, page by page; no snapshot is yielded twice. Ends by throwing where the listing could not be completed. */
  snapshotPages(query: SnapshotQuery, options?: CallOptions): AsyncIterable<readonly Snapshot[]>;
  /** Accepted is not done. A 404 is thrown as `not_found`. */
  deleteSnapshot(id: string, options?: CallOptions): Promise<void>;
  /** Adds these metadata entries to a snapshot, over those of the same keys; all others stay. Returns what it has then. */
  addSnapshotMetadata(id: string, metadata: Readonly<Record<string, string>>, options?: CallOptions): Promise<Readonly<Record<string, string>>>;
  /** Page by page; with tags where `withTags` and the API family has them. */
  volumePages(query: { withTags: boolean }, options?: CallOptions): AsyncIterable<readonly Volume[]>;
  showVolume(id: string, options?: CallOptions): Promise<Volume>;
  quotas(options?: CallOptions): Promise<Quotas>;
  /** A new volume from a snapshot, never a write to an existing one. Accepted is not made: the answer is usually `creating`. */
  createVolumeFromSnapshot(request: CreateVolumeRequest, options?: CallOptions): Promise<Volume>;
  /** Logs in (or checks that it could), without any other call. */
  authenticate(options?: CallOptions): Promise<{ expiresInMs: DurationMs | null }>;
  close(): Promise<void>;
}
