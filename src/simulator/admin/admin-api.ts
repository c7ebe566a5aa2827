import type { FaultBook } from '../faults/fault-book.ts';
import { parseFault } from '../faults/parse-fault.ts';
import { isObject, parseJsonBytes, textMember } from '../http/json-value.ts';
import { jsonReply, type Reply } from '../http/reply.ts';
import type { CloudRequest } from '../http/request.ts';
import type { TokenStore } from '../identity/token-store.ts';
import { operations, type Operation } from '../operation.ts';
import type { Cloud } from '../state/cloud.ts';
import type { RequestFilter } from '../state/ledger.ts';
import { viewOfSnapshot } from '../state/snapshot.ts';
import { viewOfVolume } from '../state/volume.ts';
import { parseSettings, parseSnapshotSpec, parseVolumeSpec } from './parse-specs.ts';

export interface AdminParts {
  readonly cloud: Cloud;
  readonly faults: FaultBook;
  readonly tokens: TokenStore;
}

/** The simulator's own controls under `/_sim/`, so that another process can drive it. Never part of a real cloud. */
export async function answerAdmin(parts: AdminParts, request: CloudRequest): Promise<Reply> {
  try {
    return route(parts, request) ?? jsonReply(404, { error: `no such control: ${request.method} ${request.rawPath}` });
  } catch (error) {
    if (error instanceof RangeError) return jsonReply(400, { error: error.message });
    throw error;
  }
}

function route(parts: AdminParts, request: CloudRequest): Reply | undefined {
  const [, , resource = '', id, action] = request.rawPath.split('/').map(decodeURIComponent);
  const { cloud, faults, tokens } = parts;
  switch (`${request.method} ${resource}${id === undefined ? '' : '/:id'}${action === undefined ? '' : `/${action}`}`) {
    case 'GET faults':
      return jsonReply(200, { faults: faults.list() });
    case 'POST faults': {
      const body = bodyOf(request);
      const rules = (Array.isArray(body) ? body : [body]).map(parseFault);
      for (const rule of rules) faults.add(rule);
      return jsonReply(201, { faults: faults.list() });
    }
    case 'DELETE faults':
      faults.clear();
      return jsonReply(200, { faults: [] });
    case 'DELETE faults/:id':
      return jsonReply(200, { removed: faults.remove(id ?? '') });
    case 'GET ledger':
      return jsonReply(200, ledgerJson(cloud, request.query));
    case 'GET state':
      return jsonReply(200, stateJson(cloud));
    case 'GET volumes':
      return jsonReply(200, { volumes: [...cloud.volumeOrder.oldestFirst()].map((volume) => viewOfVolume(volume, cloud.now())) });
    case 'POST volumes':
      return jsonReply(201, { volume: viewOfVolume(cloud.addVolume(parseVolumeSpec(bodyOf(request))), cloud.now()) });
    case 'DELETE volumes/:id':
      return jsonReply(200, { removed: cloud.removeVolume(id ?? '') });
    case 'POST volumes/:id/status':
      cloud.setVolumeStatus(id ?? '', statusIn(request));
      return jsonReply(200, {});
    case 'GET snapshots':
      return jsonReply(200, {
        snapshots: [...cloud.snapshotOrder.newestFirst()].map((snapshot) => viewOfSnapshot(snapshot, cloud.now())),
      });
    case 'POST snapshots':
      return jsonReply(201, { snapshot: viewOfSnapshot(cloud.putSnapshot(parseSnapshotSpec(bodyOf(request))), cloud.now()) });
    case 'POST snapshots/:id/status':
      cloud.setSnapshotStatus(id ?? '', statusIn(request));
      return jsonReply(200, {});
    case 'POST expire-tokens':
      tokens.expireAll();
      return jsonReply(200, {});
    case 'GET settings':
      return jsonReply(200, { settings: cloud.settings });
    case 'POST settings':
      Object.assign(cloud.settings, parseSettings(bodyOf(request)));
      return jsonReply(200, { settings: cloud.settings });
    default:
      return undefined;
  }
}

function bodyOf(request: CloudRequest): unknown {
  const parsed = parseJsonBytes(request.body);
  if (parsed === undefined) throw new RangeError('the body must be JSON');
  return parsed.value;
}

function statusIn(request: CloudRequest): string {
  const body = bodyOf(request);
  const status = isObject(body) ? textMember(body, 'status') : undefined;
  if (status === undefined) throw new RangeError('status must be a string');
  return status;
}

function stateJson(cloud: Cloud): Record<string, unknown> {
  cloud.now();
  const { identity, ledger } = cloud;
  return {
    flavour: identity.flavour,
    projectId: identity.projectId,
    now: cloud.clock.now(),
    volumes: cloud.volumeCount,
    snapshots: cloud.snapshotCount,
    snapshotsByStatus: cloud.snapshotsByStatus(),
    gigabytes: cloud.usedGigabytes,
    requests: ledger.count(),
    requestsByOperation: Object.fromEntries(operations.map((operation) => [operation, ledger.count({ operation })])),
    snapshotsCreated: ledger.countEffects('snapshot-created'),
    snapshotsDeleted: ledger.countEffects('snapshot-deleted'),
    peakConcurrentCreates: ledger.peakInFlight('create'),
    settings: cloud.settings,
  };
}

/** Filters: operation, status, method, volumeId, snapshotId, code, afterN; `limit` keeps the last ones. */
function ledgerJson(cloud: Cloud, query: URLSearchParams): Record<string, unknown> {
  cloud.now();
  const operation = query.get('operation');
  const filter: RequestFilter = {
    ...(isOperation(operation) ? { operation } : {}),
    ...numberFilter(query, 'status'),
    ...numberFilter(query, 'afterN'),
    ...textFilter(query, 'method'),
    ...textFilter(query, 'volumeId'),
    ...textFilter(query, 'snapshotId'),
    ...textFilter(query, 'code'),
  };
  const limit = Number(query.get('limit') ?? 1000);
  const volumeId = textFilter(query, 'volumeId');
  return {
    count: cloud.ledger.count(),
    requests: cloud.ledger.requests(filter).slice(-limit),
    effects: cloud.ledger.effects(volumeId).slice(-limit),
  };
}

function isOperation(value: string | null): value is Operation {
  if (value === null) return false;
  if (operations.some((operation) => operation === value)) return true;
  throw new RangeError(`unknown operation: ${value}`);
}

function numberFilter<K extends string>(query: URLSearchParams, key: K): Partial<Record<K, number>> {
  const result: Partial<Record<K, number>> = {};
  const text = query.get(key);
  if (text !== null) result[key] = Number(text);
  return result;
}

function textFilter<K extends string>(query: URLSearchParams, key: K): Partial<Record<K, string>> {
  const result: Partial<Record<K, string>> = {};
  const text = query.get(key);
  if (text !== null) result[key] = text;
  return result;
}
