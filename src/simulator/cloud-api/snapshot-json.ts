import type { Call } from '../http/call.ts';
import { zonelessSecond, zonelessTimestamp } from '../state/clock.ts';
import { isMade, snapshotStatus, snapshotUpdatedAt, type SnapshotRecord } from '../state/snapshot.ts';

/** `fresh` is the answer to the create: real microseconds, always `creating`. Later reads of Cinder have whole seconds. */
export type SnapshotForm = 'fresh' | 'summary' | 'detail';

export function snapshotJson(call: Call, snapshot: SnapshotRecord, form: SnapshotForm): Record<string, unknown> {
  const { cloud, minor } = call;
  const nowMs = cloud.now();
  const status = form === 'fresh' ? 'creating' : snapshotStatus(snapshot, nowMs);
  const stamp = cloud.identity.flavour === 'cinder' && form !== 'fresh' ? zonelessSecond : zonelessTimestamp;
  const updatedAt = form === 'fresh' ? null : snapshotUpdatedAt(snapshot, nowMs);
  const json: Record<string, unknown> = {
    id: snapshot.id,
    created_at: stamp(snapshot.createdMicros),
    updated_at: updatedAt === null ? null : stamp(updatedAt * 1000),
    name: snapshot.name,
    description: snapshot.description,
    volume_id: snapshot.volumeId,
    status,
    size: snapshot.sizeGb,
    metadata: snapshot.metadata,
  };
  // Microversions that add members (seen on Cinder 21.3.1).
  if (minor >= 14) json['group_snapshot_id'] = null;
  if (minor >= 41) json['user_id'] = cloud.identity.userId;
  if (minor >= 65) json['consumes_quota'] = true;
  if (form === 'detail') {
    json['os-extended-snapshot-attributes:project_id'] = cloud.identity.projectId;
    json['os-extended-snapshot-attributes:progress'] = isMade(snapshot, nowMs) ? '100%' : '0%';
  }
  return json;
}
