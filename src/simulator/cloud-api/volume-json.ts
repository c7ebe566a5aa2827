import type { Call } from '../http/call.ts';
import { zonelessSecond, zonelessTimestamp } from '../state/clock.ts';
import { changedAt } from '../state/phase.ts';
import { volumeStatus, type VolumeRecord } from '../state/volume.ts';

/** `native` is EVS's own form: the only one with tags (EVS API reference, disk list). */
export type VolumeForm = 'summary' | 'detail' | 'native';

export function volumeJson(call: Call, volume: VolumeRecord, form: VolumeForm): Record<string, unknown> {
  const { cloud, baseUrl } = call;
  const { projectId, userId, flavour } = cloud.identity;
  const links = [
    { rel: 'self', href: `${baseUrl}/v3/${projectId}/volumes/${volume.id}` },
    { rel: 'bookmark', href: `${baseUrl}/${projectId}/volumes/${volume.id}` },
  ];
  if (form === 'summary') return { id: volume.id, name: volume.name, links };
  const nowMs = cloud.now();
  const status = volumeStatus(volume, nowMs);
  const stamp = flavour === 'cinder' ? zonelessSecond : zonelessTimestamp;
  const updatedAt = changedAt(volume.phase, nowMs);
  const attached = status === 'in-use';
  const common = {
    id: volume.id,
    status,
    size: volume.sizeGb,
    availability_zone: volume.availabilityZone,
    created_at: stamp(volume.createdMicros),
    updated_at: updatedAt === null ? null : stamp(updatedAt * 1000),
    name: volume.name,
    description: volume.description,
    volume_type: volume.volumeType,
    snapshot_id: volume.snapshotId,
    source_volid: null,
    // An attached volume gains these two (seen on Cinder 21.3.1).
    metadata: attached && flavour === 'cinder' ? { ...volume.metadata, readonly: 'False', attached_mode: 'rw' } : volume.metadata,
    links,
    user_id: userId,
    bootable: 'false',
    encrypted: false,
    replication_status: null,
    consistencygroup_id: null,
    multiattach: false,
    attachments: attached ? [attachment(volume, stamp)] : [],
    'os-vol-tenant-attr:tenant_id': projectId,
  };
  if (flavour === 'cinder') return common;
  const evs = { ...common, shareable: 'false' };
  if (form === 'detail') return evs;
  return { ...evs, tags: volume.tags, service_type: 'EVS', enterprise_project_id: '0', wwn: volume.id.replaceAll('-', '') };
}

function attachment(volume: VolumeRecord, stamp: (micros: number) => string): Record<string, unknown> {
  return {
    id: volume.id,
    attachment_id: `a${volume.id.slice(1)}`,
    volume_id: volume.id,
    server_id: `5${volume.id.slice(1)}`,
    host_name: null,
    device: '/dev/vdb',
    attached_at: stamp(volume.createdMicros),
  };
}
