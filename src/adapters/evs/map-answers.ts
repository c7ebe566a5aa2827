import type { z } from 'zod';
import type { Quota } from '#app/ports/cloud';
import type { Snapshot } from '#domain/snapshot';
import type { Volume } from '#domain/volume';
import type { CallAnswer } from '../http-client/perform-call.ts';
import { readJson } from '../http-client/read-json.ts';
import { QuotaAnswer, SnapshotAnswer, SnapshotListAnswer, VolumeAnswer, VolumeListAnswer, type SnapshotBody, type VolumeBody } from './answer-schemas.ts';

/** One page of a listing as it came. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNextLink: boolean;
  /** How many there are on all pages, where the family says it. */
  readonly total: number | null;
}

export function readSnapshot(answer: CallAnswer): Snapshot {
  return toSnapshot(readJson(SnapshotAnswer, answer).snapshot);
}

export function readSnapshotPage(answer: CallAnswer): Page<Snapshot> {
  const body = readJson(SnapshotListAnswer, answer);
  return { items: body.snapshots.map(toSnapshot), hasNextLink: body.snapshots_links, total: body.count };
}

export function readVolume(answer: CallAnswer): Volume {
  return toVolume(readJson(VolumeAnswer, answer).volume);
}

export function readVolumePage(answer: CallAnswer): Page<Volume> {
  const body = readJson(VolumeListAnswer, answer);
  return { items: body.volumes.map(toVolume), hasNextLink: body.volumes_links, total: body.count };
}

/** What is reserved for calls under way is as good as used: a create is measured against both (Cinder, quota reservations). */
export function readQuota(answer: CallAnswer): Quota {
  const { limit, in_use, reserved } = readJson(QuotaAnswer, answer).quota_set.snapshots;
  return { limit: limit < 0 ? null : limit, inUse: in_use + (reserved ?? 0) };
}

function toSnapshot(body: z.output<typeof SnapshotBody>): Snapshot {
  return {
    id: body.id,
    volumeId: body.volume_id,
    name: body.name,
    status: body.status,
    sizeGb: body.size,
    metadata: body.metadata,
    createdAt: body.created_at,
  };
}

function toVolume(body: z.output<typeof VolumeBody>): Volume {
  return {
    id: body.id,
    name: body.name,
    status: body.status,
    sizeGb: body.size,
    availabilityZone: body.availability_zone,
    metadata: body.metadata,
    tags: body.tags,
    createdAt: body.created_at,
  };
}
