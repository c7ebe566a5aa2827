import { reading, type Call, type Prepared } from '../http/call.ts';
import { isObject, member, textMember, type JsonObject } from '../http/json-value.ts';
import { badRequest } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import type { VolumeRecord } from '../state/volume.ts';
import { visibleVolume } from './snapshot-lookup.ts';
import { jsonBody } from './validate-body.ts';
import { volumeJson } from './volume-json.ts';

interface TagTest {
  readonly key: string;
  /** Empty: any value. */
  readonly values: readonly string[];
}

export function showVolumeTags(call: Call): Prepared {
  const volume = visibleVolume(call, call.params['id'] ?? '');
  return reading(() => ({ reply: jsonReply(200, { tags: volume.tags }), volumeId: volume.id }));
}

/** All keys of the project's disks with the values in use. */
export function listProjectTags(call: Call): Prepared {
  return reading(() => {
    const values = new Map<string, Set<string>>();
    for (const volume of call.cloud.volumeOrder.newestFirst()) {
      for (const [key, value] of Object.entries(volume.tags)) {
        values.set(key, (values.get(key) ?? new Set()).add(value));
      }
    }
    return { reply: jsonReply(200, { tags: Object.fromEntries([...values].map(([key, set]) => [key, [...set]])) }) };
  });
}

/** `POST …/resource_instances/action`: AND over keys, OR over values; tags come as a list here, as a map elsewhere. */
export function queryVolumesByTag(call: Call): Prepared {
  const body = jsonBody(call.request, call.cloud.identity.flavour);
  const action = textMember(body, 'action');
  const tests = tagTests(member(body, 'tags'));
  if (action !== 'filter' && action !== 'count') throw badRequest('invalid action!', 'EVS.1018');
  const limit = wholeNumber(member(body, 'limit'), 1000);
  const offset = wholeNumber(member(body, 'offset'), 0);
  if (limit < 1 || limit > 1000) throw badRequest('invalid limit!', 'EVS.1023');
  const part = nameFilter(member(body, 'matches'));
  return reading(() => {
    const found: VolumeRecord[] = [];
    for (const volume of call.cloud.volumeOrder.newestFirst()) {
      if (tests.every((test) => passes(volume, test)) && volume.name.includes(part)) found.push(volume);
    }
    if (action === 'count') return { reply: jsonReply(200, { total_count: found.length }) };
    const resources = found.slice(offset, offset + limit).map((volume) => ({
      resource_id: volume.id,
      resource_name: volume.name,
      resource_detail: volumeJson(call, volume, 'native'),
      tags: Object.entries(volume.tags).map(([key, value]) => ({ key, value })),
    }));
    return { reply: jsonReply(200, { total_count: found.length, resources }) };
  });
}

function passes(volume: VolumeRecord, test: TagTest): boolean {
  const value = volume.tags[test.key];
  return value !== undefined && (test.values.length === 0 || test.values.includes(value));
}

/** At most 10 keys, each once, with at most 10 values (EVS API reference, tag query). */
function tagTests(value: unknown): TagTest[] {
  if (!Array.isArray(value) || value.length > 10) throw badRequest('invalid tags!', 'EVS.1018');
  const tests = value.filter(isObject).map((tag: JsonObject) => {
    const values = Array.isArray(tag['values']) ? tag['values'].filter((text) => typeof text === 'string') : [];
    return { key: textMember(tag, 'key') ?? '', values };
  });
  const keys = new Set(tests.map((test) => test.key));
  if (keys.size !== value.length || tests.some((test) => test.values.length > 10)) throw badRequest('invalid tags!', 'EVS.1018');
  return tests;
}

function nameFilter(matches: unknown): string {
  if (!Array.isArray(matches)) return '';
  const found: unknown = matches.find((match) => textMember(match, 'key') === 'resource_name');
  return textMember(found, 'value') ?? '';
}

/** Numbers come as strings in the published example. */
function wholeNumber(value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isInteger(number)) throw badRequest('invalid limit!', 'EVS.1023');
  return number;
}
