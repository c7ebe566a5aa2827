import { z } from 'zod';
import { parseCloudTime } from './cloud-time.ts';

/*
 * What is read of the answers. Regions, versions and proxies differ in details (EVS API reference: `bootable` a string,
 * `shareable` a string or a boolean, tags a map or a list), so a field that no decision hangs on never fails an answer.
 */

const Id = z.union([z.string().min(1), z.number().transform(String)]);
const Text = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]).nullish().catch(null).transform((text) => text ?? null);
const Count = z.union([z.number(), z.string().regex(/^-?\d{1,15}$/).transform(Number)]);
const Size = Count.catch(0);
const Time = z.unknown().optional().transform((value) => (typeof value === 'string' ? parseCloudTime(value) : null));
/** A word that is missing is one nobody knows: not finished, do not act. */
const Status = z.string().min(1).catch('unknown').transform((word) => word.toLowerCase());

/** A map, or a list of `{key, value}` (EVS API reference, query by tags). What is no pair is left out. */
const StringMap = z.unknown().optional().transform((value): Record<string, string> => {
  const pairs: [string, string][] = [];
  if (Array.isArray(value)) {
    for (const entry of value) if (isRecord(entry) && isScalar(entry['key'])) pairs.push([String(entry['key']), isScalar(entry['value']) ? String(entry['value']) : '']);
  } else if (isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) if (isScalar(entry)) pairs.push([key, String(entry)]);
  }
  return Object.fromEntries(pairs);
});

export const SnapshotBody = z.looseObject({
  id: Id,
  volume_id: Id,
  name: Text,
  status: Status,
  size: Size,
  metadata: StringMap,
  created_at: Time,
});

export const VolumeBody = z.looseObject({
  id: Id,
  name: Text,
  status: Status,
  size: Size,
  availability_zone: Text,
  metadata: StringMap,
  tags: StringMap,
  created_at: Time,
});

export const SnapshotAnswer = z.looseObject({ snapshot: SnapshotBody });
export const VolumeAnswer = z.looseObject({ volume: VolumeBody });

/** Only whether there is a link counts: its host is an internal one (EVS API reference, list snapshots). */
const Links = z.unknown().optional().transform((value) => Array.isArray(value) && value.some((link) => isRecord(link) && link['rel'] === 'next'));
const Total = Count.nullish().catch(null).transform((count) => count ?? null);

export const SnapshotListAnswer = z.looseObject({ snapshots: z.array(SnapshotBody), snapshots_links: Links, count: Total });
export const VolumeListAnswer = z.looseObject({ volumes: z.array(VolumeBody), volumes_links: Links, count: Total });

export const QuotaAnswer = z.looseObject({
  quota_set: z.looseObject({ snapshots: z.looseObject({ limit: Count, in_use: Count, reserved: Count.nullish().catch(0) }) }),
});

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
