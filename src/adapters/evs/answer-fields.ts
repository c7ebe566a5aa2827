import { isRecord } from '../http-client/read-json.ts';

/*
 * What is read of the answers. Regions, versions and proxies differ in details (EVS API reference: `bootable` a string,
 * `shareable` a string or a boolean, tags a map or a list), so a field that no decision hangs on never fails an answer.
 *
 * By hand and not with a schema library: a listing has 100,000 entries of some twelve fields, and zod 4 takes as long to
 * check them as everything else together takes to fetch and parse them (bench/client.ts).
 */

type Json = Readonly<Record<string, unknown>>;

/** An object without which an answer says nothing; `name` and `at` are where it stands, for the error. */
export function recordOf(value: unknown, name: string, at: number | null = null): Json {
  if (isRecord(value)) return value;
  throw new Error(`${placeOf(name, at)}: expected an object`);
}

export function listOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new Error(`${place}: expected a list`);
}

/** The id in this field of an object, which stands where `name` and `at` say. */
export function idOf(body: Json, field: 'id' | 'volume_id', name: string, at: number | null): string {
  const value = body[field];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw new Error(`${placeOf(name, at)}.${field}: expected an id`);
}

export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return isScalar(value) ? String(value) : null;
}

/** A number or digits; null where it is neither. */
export function countOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  return typeof value === 'string' && /^-?\d{1,15}$/.test(value) ? Number(value) : null;
}

/** A word that is missing is one nobody knows: not finished, do not act. */
export function statusOf(value: unknown): string {
  return typeof value === 'string' && value !== '' ? value.toLowerCase() : 'unknown';
}

/** A map, or a list of `{key, value}` (EVS API reference, query by tags). What is no pair is left out. */
export function stringMapOf(value: unknown): Readonly<Record<string, string>> {
  if (isStringMap(value)) return value;
  const pairs: [string, string][] = [];
  if (Array.isArray(value)) {
    for (const entry of value) if (isRecord(entry) && isScalar(entry['key'])) pairs.push([String(entry['key']), isScalar(entry['value']) ? String(entry['value']) : '']);
  } else if (isRecord(value)) {
    for (const [key, entry] of Object.entries(value)) if (isScalar(entry)) pairs.push([key, String(entry)]);
  }
  return Object.fromEntries(pairs);
}

/** Only whether there is a link counts: its host is an internal one (EVS API reference, list snapshots). */
export function hasNextLink(value: unknown): boolean {
  return Array.isArray(value) && value.some((link) => isRecord(link) && link['rel'] === 'next');
}

function placeOf(name: string, at: number | null): string {
  return at === null ? name : `${name}.${at}`;
}

/** As it mostly comes; then it need not be copied. */
function isStringMap(value: unknown): value is Readonly<Record<string, string>> {
  if (!isRecord(value)) return false;
  for (const key in value) if (typeof value[key] !== 'string') return false;
  return true;
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
