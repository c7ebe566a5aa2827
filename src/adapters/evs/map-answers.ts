import type { Quota, Quotas } from '#app/ports/cloud';
import type { Snapshot } from '#domain/snapshot';
import type { Instant } from '#domain/time';
import type { Volume } from '#domain/volume';
import type { CallAnswer } from '../http-client/perform-call.ts';
import { parseJson } from '../http-client/read-json.ts';
import { countOf, hasNextLink, idOf, listOf, recordOf, statusOf, stringMapOf, textOf } from './answer-fields.ts';
import { parseCloudTime } from './cloud-time.ts';

/** One page of a listing as it came. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly hasNextLink: boolean;
  /** How many there are on all pages, where the family says it. */
  readonly total: number | null;
}

export function readSnapshot(answer: CallAnswer): Snapshot {
  return toSnapshot(bodyOf(answer)['snapshot'], 'snapshot', null);
}

export function readSnapshotPage(answer: CallAnswer): Page<Snapshot> {
  return readPage(answer, 'snapshots', toSnapshot);
}

export function readMetadata(answer: CallAnswer): Readonly<Record<string, string>> {
  return stringMapOf(recordOf(bodyOf(answer)['metadata'], 'metadata'));
}

export function readVolume(answer: CallAnswer): Volume {
  return toVolume(bodyOf(answer)['volume'], 'volume', null);
}

export function readVolumePage(answer: CallAnswer): Page<Volume> {
  return readPage(answer, 'volumes', toVolume);
}

export function readQuotas(answer: CallAnswer): Quotas {
  const set = recordOf(bodyOf(answer)['quota_set'], 'quota_set');
  return { snapshots: toQuota(set['snapshots'], 'quota_set.snapshots'), gigabytes: set['gigabytes'] === undefined ? null : toQuota(set['gigabytes'], 'quota_set.gigabytes') };
}

/** What is reserved for calls under way is as good as used: a create is measured against both (Cinder, quota reservations). */
function toQuota(value: unknown, place: string): Quota {
  const quota = recordOf(value, place);
  const [limit, used] = [countOf(quota['limit']), countOf(quota['in_use'])];
  if (limit === null) throw new Error(`${place}.limit: expected a number`);
  if (used === null) throw new Error(`${place}.in_use: expected a number`);
  return { limit: limit < 0 ? null : limit, inUse: used + (countOf(quota['reserved']) ?? 0) };
}

function bodyOf(answer: CallAnswer): Readonly<Record<string, unknown>> {
  return recordOf(parseJson(answer), 'the body');
}

function readPage<T>(answer: CallAnswer, name: string, toItem: (value: unknown, name: string, at: number) => T): Page<T> {
  const body = bodyOf(answer);
  const items = listOf(body[name], name).map((item, at) => toItem(item, name, at));
  return { items, hasNextLink: hasNextLink(body[`${name}_links`]), total: countOf(body['count']) };
}

function toSnapshot(value: unknown, name: string, at: number | null): Snapshot {
  const body = recordOf(value, name, at);
  return {
    id: idOf(body, 'id', name, at),
    volumeId: idOf(body, 'volume_id', name, at),
    name: textOf(body['name']),
    status: statusOf(body['status']),
    sizeGb: countOf(body['size']) ?? 0,
    metadata: stringMapOf(body['metadata']),
    createdAt: timeOf(body['created_at']),
  };
}

function toVolume(value: unknown, name: string, at: number | null): Volume {
  const body = recordOf(value, name, at);
  return {
    id: idOf(body, 'id', name, at),
    name: textOf(body['name']),
    status: statusOf(body['status']),
    sizeGb: countOf(body['size']) ?? 0,
    availabilityZone: textOf(body['availability_zone']),
    metadata: stringMapOf(body['metadata']),
    tags: stringMapOf(body['tags']),
    createdAt: timeOf(body['created_at']),
  };
}

function timeOf(value: unknown): Instant | null {
  return typeof value === 'string' ? parseCloudTime(value) : null;
}
