import { listMessages, snapshotAction, updateQuotaSet } from '../cloud-api/admin-only.ts';
import { deleteSnapshot, showSnapshot, updateSnapshot } from '../cloud-api/change-snapshot.ts';
import { createVolume, deleteVolume } from '../cloud-api/change-volume.ts';
import { createSnapshot } from '../cloud-api/create-snapshot.ts';
import { listSnapshots, listSnapshotsDetail } from '../cloud-api/list-snapshots.ts';
import { listCloudVolumes, listVolumes, listVolumesDetail, showCloudVolume, showVolume } from '../cloud-api/list-volumes.ts';
import { showLimits, showQuotaSet } from '../cloud-api/show-quota.ts';
import {
  deleteMetadataKey,
  mergeMetadata,
  replaceMetadata,
  showMetadata,
  showMetadataKey,
  writeMetadataKey,
} from '../cloud-api/snapshot-metadata.ts';
import { listProjectTags, queryVolumesByTag, showVolumeTags } from '../cloud-api/volume-tags.ts';
import type { Flavour } from '../options.ts';
import type { Operation } from '../operation.ts';
import type { Handler } from './call.ts';

interface Route {
  readonly method: string;
  /** Segments after the project id; `:name` takes any one segment. */
  readonly segments: readonly string[];
  readonly operation: Operation;
  readonly handler: Handler;
  /** Absent: both. */
  readonly flavour?: Flavour;
  /** Absent: v3, and on EVS v2 as well (EVS API reference, API families). */
  readonly versions?: readonly string[];
}

export interface RouteMatch {
  readonly operation: Operation;
  readonly handler: Handler;
  readonly params: Readonly<Record<string, string>>;
  /** Undefined when the URL names no project. */
  readonly projectId: string | undefined;
}

function route(method: string, path: string, operation: Operation, handler: Handler): Route {
  return { method, segments: path.split('/'), operation, handler };
}

function native(method: string, path: string, operation: Operation, handler: Handler): Route {
  return { ...route(method, path, operation, handler), flavour: 'evs', versions: ['v2'] };
}

/** Fixed segments stand before variable ones: the first match wins. */
const routes: readonly Route[] = [
  route('POST', 'snapshots', 'create', createSnapshot),
  route('GET', 'snapshots', 'list', listSnapshots),
  route('GET', 'snapshots/detail', 'list', listSnapshotsDetail),
  route('GET', 'snapshots/:id', 'show', showSnapshot),
  route('PUT', 'snapshots/:id', 'update', updateSnapshot),
  route('DELETE', 'snapshots/:id', 'delete', deleteSnapshot),
  route('POST', 'snapshots/:id/action', 'other', snapshotAction),
  route('GET', 'snapshots/:id/metadata', 'metadata', showMetadata),
  route('POST', 'snapshots/:id/metadata', 'metadata', mergeMetadata),
  route('PUT', 'snapshots/:id/metadata', 'metadata', replaceMetadata),
  route('GET', 'snapshots/:id/metadata/:key', 'metadata', showMetadataKey),
  route('PUT', 'snapshots/:id/metadata/:key', 'metadata', writeMetadataKey),
  route('DELETE', 'snapshots/:id/metadata/:key', 'metadata', deleteMetadataKey),
  route('GET', 'volumes', 'volumes.list', listVolumes),
  route('GET', 'volumes/detail', 'volumes.list', listVolumesDetail),
  route('GET', 'volumes/:id', 'volumes.show', showVolume),
  route('POST', 'volumes', 'volumes.create', createVolume),
  route('DELETE', 'volumes/:id', 'volumes.delete', deleteVolume),
  route('GET', 'os-quota-sets/:target', 'quota', showQuotaSet),
  route('PUT', 'os-quota-sets/:target', 'quota', updateQuotaSet),
  route('GET', 'limits', 'quota', showLimits),
  { ...route('GET', 'messages', 'other', listMessages), flavour: 'cinder' },
  native('GET', 'cloudvolumes/detail', 'volumes.list', listCloudVolumes),
  native('GET', 'cloudvolumes/tags', 'tags', listProjectTags),
  native('POST', 'cloudvolumes/resource_instances/action', 'tags', queryVolumesByTag),
  native('POST', 'os-vendor-volumes/resource_instances/action', 'tags', queryVolumesByTag),
  native('GET', 'cloudvolumes/:id/tags', 'tags', showVolumeTags),
  native('GET', 'cloudvolumes/:id', 'volumes.show', showCloudVolume),
];

const wholeProjectId = /^[0-9a-f]{32}$/;

/** Where a storage path leads; undefined is a 404 of the gateway or the web server. */
export function findRoute(method: string, path: string, flavour: Flavour): RouteMatch | undefined {
  const [, version = '', ...rest] = path.split('/');
  const first = rest[0] ?? '';
  // Cinder takes a URL without project id to mean the token's; EVS does not know such.
  const named = wholeProjectId.test(first) || flavour === 'evs';
  const segments = named ? rest.slice(1) : rest;
  for (const candidate of routes) {
    if (candidate.method !== method || (candidate.flavour !== undefined && candidate.flavour !== flavour)) continue;
    const versions = candidate.versions ?? (flavour === 'evs' ? ['v2', 'v3'] : ['v3']);
    if (!versions.includes(version)) continue;
    const params = paramsOf(candidate.segments, segments);
    if (params === undefined) continue;
    return { operation: candidate.operation, handler: candidate.handler, params, projectId: named ? first : undefined };
  }
  return undefined;
}

function paramsOf(pattern: readonly string[], segments: readonly string[]): Record<string, string> | undefined {
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = {};
  for (const [at, part] of pattern.entries()) {
    const segment = segments[at] ?? '';
    if (part.startsWith(':')) {
      if (segment === '') return undefined;
      params[part.slice(1)] = decode(segment);
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
