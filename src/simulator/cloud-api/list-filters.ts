import type { Flavour } from '../options.ts';
import { badRequest } from '../http/refusal.ts';
import { isObject } from '../http/json-value.ts';
import type { StringMap } from '../state/snapshot.ts';

/** Since this minor version Cinder refuses filters it does not know; before, it ignores them, and so does EVS. */
const strictFiltersMinor = 31;
const countMinor = 45;
export const metadataFilterMinor = 22;

const pagingParameters = ['limit', 'offset', 'marker', 'sort', 'sort_key', 'sort_dir', 'all_tenants'];

export function refuseUnknownFilters(query: URLSearchParams, known: readonly string[], flavour: Flavour, minor: number): void {
  if (flavour === 'evs' || minor < strictFiltersMinor) return;
  const allowed = new Set([...pagingParameters, ...known, ...(minor >= countMinor ? ['with_count'] : [])]);
  const unknown = [...new Set(query.keys())].filter((name) => !allowed.has(name));
  if (unknown.length > 0) throw badRequest(`Invalid filters ${unknown.join(', ')} are found in query options.`);
}

export function wantsCount(query: URLSearchParams, flavour: Flavour, minor: number): boolean {
  return flavour === 'cinder' && minor >= countMinor && /^(true|1|yes|on|t|y)$/i.test(query.get('with_count') ?? '');
}

/**
 * Whether a name passes the filter: anywhere in the name on EVS (EVS API reference, query parameters), the whole
 * name without regard to case on Cinder (seen on 21.3.1: the collation of its database).
 */
export function nameMatches(flavour: Flavour, wanted: string, name: string | null): boolean {
  if (name === null) return false;
  return flavour === 'evs' ? name.includes(wanted) : sameText(wanted, name);
}

/** As Cinder's database compares: without regard to case or to blanks at the end. */
export function sameText(wanted: string, text: string): boolean {
  return wanted.trimEnd().toLowerCase() === text.trimEnd().toLowerCase();
}

/** The pairs of a metadata filter in JSON or Python spelling; null for junk, which matches nothing. */
export function metadataFilter(text: string): StringMap | null {
  for (const candidate of [text, pythonToJson(text)]) {
    try {
      const value: unknown = JSON.parse(candidate);
      if (!isObject(value)) return null;
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, String(inner)]));
    } catch {
      // The next spelling, or junk.
    }
  }
  return null;
}

export function hasPairs(metadata: StringMap, pairs: StringMap | null): boolean {
  return pairs !== null && Object.entries(pairs).every(([key, value]) => metadata[key] === value);
}

/** `{'a': 'b'}` to `{"a": "b"}`, also with the `u'…'` of older clients; enough for plain keys and values. */
function pythonToJson(text: string): string {
  return text.replaceAll(/u?'((?:[^'\\]|\\.)*)'/g, (_, inner: string) => JSON.stringify(inner.replaceAll("\\'", "'")));
}
