import { reading, type Call, type Outcome, type Prepared } from '../http/call.ts';
import { badRequest, notFound } from '../http/refusal.ts';
import { isObject, stringMap, type JsonObject } from '../http/json-value.ts';
import { emptyReply, jsonReply, type Reply } from '../http/reply.ts';
import type { SnapshotRecord, StringMap } from '../state/snapshot.ts';
import { snapshotJson } from './snapshot-json.ts';
import { visibleSnapshot } from './snapshot-lookup.ts';
import { checkMetadata, jsonBody, refuseFourByteLetters, refuseSystemKeys, refuseUnknownKeys } from './validate-body.ts';

export function showMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  return reading(() => outcome(snapshot, jsonReply(200, { metadata: snapshot.metadata })));
}

/** POST: the given keys are added or overwritten, the others stay. */
export function mergeMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const given = bodyMap(call, 'metadata');
  return { commit: () => store(call, snapshot, { ...snapshot.metadata, ...given }) };
}

/** PUT: the whole map is replaced. */
export function replaceMetadata(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  const given = bodyMap(call, 'metadata');
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
  const given = bodyMap(call, 'meta');
  // Text as in Cinder's source (api/v3/snapshot_metadata.py).
  if (!Object.hasOwn(given, key)) throw badRequest('Request body and URI mismatch');
  if (Object.keys(given).length > 1) throw badRequest('Request body contains too many items');
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

function bodyMap(call: Call, field: 'metadata' | 'meta'): StringMap {
  const { flavour } = call.cloud.identity;
  if (call.request.body.length === 0) {
    throw badRequest('The server could not comply with the request since it is either malformed or otherwise incorrect.');
  }
  const body = jsonBody(call.request, flavour);
  const map = isObject(body) ? body[field] : undefined;
  if (!isObject(map)) throw badRequest(`Missing required element '${field}' in request body.`);
  return stringMap(map);
}

/** No schema stands before these calls, so all is checked by hand, and more is let through than on a create (seen on Cinder 21.3.1). */
function checkPairs(call: Call, map: JsonObject): StringMap {
  const { flavour } = call.cloud.identity;
  for (const [key, value] of Object.entries(map)) {
    if (typeof value !== 'string') throw badRequest(`Invalid metadata: Invalid input received: Value for metadata key: ${key} is not a string or unicode`);
    if (key === '') throw badRequest('Invalid metadata: Invalid input received: Metadata key:  has 0 characters, less than 1.');
  }
  return stringMap(map);
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
