import { reading, type Call, type Outcome, type Prepared } from '../http/call.ts';
import { badRequest, notFound, serviceRefusal, type Refusal } from '../http/refusal.ts';
import { isObject, stringMap, type JsonObject } from '../http/json-value.ts';
import { emptyReply, jsonReply, type Reply } from '../http/reply.ts';
import type { SnapshotRecord, StringMap } from '../state/snapshot.ts';
import { snapshotJson } from './snapshot-json.ts';
import { visibleSnapshot } from './snapshot-lookup.ts';
import { jsonBody, refuseFourByteLetters, refuseSystemKeys } from './validate-body.ts';

/** Of a key as of a value. */
const maxChars = 255;

export function showMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  return reading(() => outcome(snapshot, jsonReply(200, { metadata: snapshot.metadata })));
}

/** POST: the given keys are added or overwritten, the others stay. */
export function mergeMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const given = checked(call, sentMap(call, 'metadata'));
  return { commit: () => store(call, snapshot, { ...snapshot.metadata, ...given }) };
}

/** PUT: the whole map is replaced. */
export function replaceMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const given = checked(call, sentMap(call, 'metadata'));
  return { commit: () => store(call, snapshot, given) };
}

export function showMetadataKey(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const key = existingKey(call, snapshot);
  return reading(() => outcome(snapshot, jsonReply(200, { meta: { [key]: snapshot.metadata[key] } })));
}

export function writeMetadataKey(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const key = call.params['key'] ?? '';
  const sent = sentMap(call, 'meta');
  if (!Object.hasOwn(sent, key)) throw badRequest('Request body and URI mismatch');
  if (Object.keys(sent).length > 1) throw badRequest('Request body contains too many items');
  const given = checked(call, sent);
  return {
    commit() {
      edit(call, snapshot, { ...snapshot.metadata, ...given });
      return outcome(snapshot, jsonReply(200, { meta: given }));
    },
  };
}

export function deleteMetadataKey(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const key = existingKey(call, snapshot);
  refuseSystemKeys([key], call.cloud.identity.flavour);
  return {
    commit() {
      edit(call, snapshot, Object.fromEntries(Object.entries(snapshot.metadata).filter(([name]) => name !== key)));
      return outcome(snapshot, emptyReply(200));
    },
  };
}

function sentMap(call: Call, field: 'metadata' | 'meta'): JsonObject {
  const { flavour } = call.cloud.identity;
  if (call.request.body.length === 0) {
    throw badRequest('The server could not comply with the request since it is either malformed or otherwise incorrect.');
  }
  const body = jsonBody(call.request, flavour);
  const map = isObject(body) ? body[field] : undefined;
  if (!isObject(map)) throw badRequest(`Missing required element '${field}' in request body.`);
  return map;
}

/** No schema stands before these calls, so all is checked by hand, and more is let through than on a create (seen on Cinder 21.3.1). */
function checked(call: Call, map: JsonObject): StringMap {
  const { flavour } = call.cloud.identity;
  const invalid = 'Invalid metadata: Invalid input received:';
  for (const [key, value] of Object.entries(map)) {
    if (key === '') throw badRequest(`${invalid} Metadata key:  has 0 characters, less than 1.`);
    if (typeof value !== 'string') throw badRequest(`${invalid} Value for metadata key: ${key} is not a string or unicode`);
    if ([...key].length > maxChars) throw tooLong(`key ${key}`);
    if ([...value].length > maxChars) throw tooLong(`key ${key} value`);
  }
  refuseSystemKeys(Object.keys(map), flavour);
  const pairs = stringMap(map);
  refuseFourByteLetters(flavour, [...Object.keys(pairs), ...Object.values(pairs)]);
  return pairs;
}

/** The status of a quota, and yet none. */
function tooLong(what: string): Refusal {
  return serviceRefusal(413, `Invalid metadata size: Metadata property ${what} greater than ${maxChars} characters.`);
}

function existingKey(call: Call, snapshot: SnapshotRecord): string {
  const key = call.params['key'] ?? '';
  if (!Object.hasOwn(snapshot.metadata, key)) throw notFound(`Snapshot ${snapshot.id} has no metadata with key ${key}.`);
  return key;
}

function store(call: Call, snapshot: SnapshotRecord, metadata: StringMap): Outcome {
  edit(call, snapshot, metadata);
  return outcome(snapshot, jsonReply(200, { metadata: snapshotJson(call, snapshot, 'summary')['metadata'] }));
}

function edit(call: Call, snapshot: SnapshotRecord, metadata: StringMap): void {
  snapshot.metadata = metadata;
  snapshot.editedAtMs = call.cloud.now();
}

function outcome(snapshot: SnapshotRecord, reply: Reply): Outcome {
  return { reply, volumeId: snapshot.volumeId, snapshotId: snapshot.id };
}
