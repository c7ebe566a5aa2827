import type { CallOptions, Cloud, SnapshotQuery } from '#app/ports/cloud';
import type { Target } from '#domain/target';
import { CloudFailure } from '#domain/failure/failure';
import type { Authenticator } from '../http-client/authenticator.ts';
import type { CallContext } from '../http-client/perform-call.ts';
import type { CallLimiter } from '#app/ports/call-limiter';
import { createCloudCalls } from './cloud-calls.ts';
import { readMetadata, readQuotas, readSnapshot, readSnapshotPage, readVolume, readVolumePage } from './map-answers.ts';
import { scanPages, type Cursor } from './page-scan.ts';

export interface CloudDependencies {
  readonly context: CallContext;
  readonly auth: Authenticator;
  readonly limiter: CallLimiter;
}

/** The most that both families give at once (EVS API reference, list snapshots; seen on Cinder 21.3.1, Zed). */
const PAGE_LIMIT = 1000;

/** The cloud of one target, over EVS or plain Cinder v3. Takes over the context's HTTP client and the authenticator: `close` closes them. */
export function createCloud(target: Target, { context, auth, limiter }: CloudDependencies): Cloud {
  const calls = createCloudCalls({ context, auth, limiter });
  const base = `${target.endpoint}/v3/${target.projectId}`;
  /** The listing and showing of volumes with tags; plain Cinder has neither. */
  const native = `${target.endpoint}/v2/${target.projectId}/cloudvolumes`;
  const hasNative = target.api === 'evs-v3';

  return {
    createSnapshot(request, options) {
      const snapshot = {
        volume_id: request.volumeId,
        name: request.name,
        ...(request.description === null ? {} : { description: request.description }),
        force: request.force,
        metadata: request.metadata,
      };
      return calls.run({
        operation: 'create_snapshot',
        priority: 'create',
        method: 'POST',
        url: `${base}/snapshots`,
        body: { snapshot },
        creates: true,
        force: request.force,
        read: (answer) => ({ snapshot: readSnapshot(answer), requestId: answer.requestId }),
        options,
      });
    },
    async showSnapshot(id, options) {
      return calls.run({ operation: 'show_snapshot', priority: 'watch', method: 'GET', url: `${base}/snapshots/${segment(id)}`, read: readSnapshot, options });
    },
    snapshotPages(query, options) {
      const filters = snapshotFilters(query);
      return scanPages({
        limit: PAGE_LIMIT,
        fetch: (cursor) =>
          calls.run({
            operation: 'list_snapshots',
            priority: 'watch',
            method: 'GET',
            url: `${base}/snapshots/detail?${pageQuery(cursor, filters)}`,
            read: readSnapshotPage,
            options,
          }),
      });
    },
    async deleteSnapshot(id, options) {
      return calls.run({
        operation: 'delete_snapshot',
        priority: 'prune',
        method: 'DELETE',
        url: `${base}/snapshots/${segment(id)}`,
        read: () => undefined,
        options,
      });
    },
    async addSnapshotMetadata(id, metadata, options) {
      return calls.run({
        operation: 'add_metadata',
        priority: 'prune',
        method: 'POST',
        url: `${base}/snapshots/${segment(id)}/metadata`,
        body: { metadata },
        read: readMetadata,
        options,
      });
    },
    volumePages(query, options) {
      const byOffset = hasNative && query.withTags;
      const url = byOffset ? `${native}/detail` : `${base}/volumes/detail`;
      return scanPages({
        limit: PAGE_LIMIT,
        byOffset,
        fetch: (cursor) =>
          calls.run({ operation: 'list_volumes', priority: 'watch', method: 'GET', url: `${url}?${pageQuery(cursor, [])}`, read: readVolumePage, options }),
      });
    },
    async showVolume(id, options) {
      const url = hasNative ? `${native}/${segment(id)}` : `${base}/volumes/${segment(id)}`;
      return calls.run({ operation: 'show_volume', priority: 'watch', method: 'GET', url, read: readVolume, options });
    },
    async quotas(options) {
      const url = `${base}/os-quota-sets/${target.projectId}?usage=True`;
      return calls.run({ operation: 'show_quota', priority: 'watch', method: 'GET', url, read: readQuotas, options });
    },
    async createVolumeFromSnapshot(request, options) {
      const volume = {
        snapshot_id: request.snapshotId,
        name: request.name,
        size: request.sizeGb,
        metadata: request.metadata,
        ...(request.volumeType === null ? {} : { volume_type: request.volumeType }),
        ...(request.availabilityZone === null ? {} : { availability_zone: request.availabilityZone }),
      };
      return calls.run({
        operation: 'create_volume',
        priority: 'create',
        method: 'POST',
        url: `${base}/volumes`,
        body: { volume },
        creates: true,
        read: readVolume,
        options,
      });
    },
    authenticate: async (options?: CallOptions) => auth.check(options?.signal),
    async close() {
      auth.close();
      await context.http.close();
    },
  };
}

function snapshotFilters(query: SnapshotQuery): readonly (readonly [string, string])[] {
  return [
    ...(query.status === undefined ? [] : [['status', query.status] as const]),
    ...(query.volumeId === undefined ? [] : [['volume_id', query.volumeId] as const]),
  ];
}

/** In the order of names, as a signature wants them. */
function pageQuery(cursor: Cursor, filters: readonly (readonly [string, string])[]): string {
  const place = 'offset' in cursor ? [['offset', String(cursor.offset)] as const] : cursor.marker === null ? [] : [['marker', cursor.marker] as const];
  return [['limit', String(PAGE_LIMIT)] as const, ...place, ...filters].map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
}

/** An id as part of a path. An empty one would address the whole collection, and dots another one. */
function segment(id: string): string {
  if (/^[\w-][\w.-]{0,127}$/.test(id)) return id;
  throw new CloudFailure({
    kind: 'invalid',
    httpStatus: null,
    code: 'bad_id',
    message: 'the id is empty or has characters that no id has',
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
  });
}
