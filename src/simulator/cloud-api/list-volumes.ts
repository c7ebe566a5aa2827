import { reading, type Call, type Outcome, type Prepared } from '../http/call.ts';
import { notFound } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import { volumeStatus, type VolumeRecord } from '../state/volume.ts';
import { hasPairs, metadataFilter, nameMatches, refuseUnknownFilters, sameText, wantsCount } from './list-filters.ts';
import { pageLinks } from './page-links.ts';
import { pageRequest } from './page-request.ts';
import { visibleVolume } from './snapshot-lookup.ts';
import { countAccepted, takePage, type Source } from './take-page.ts';
import { volumeJson, type VolumeForm } from './volume-json.ts';

export function listVolumes(call: Call): Prepared {
  return reading(() => list(call, 'summary'));
}

export function listVolumesDetail(call: Call): Prepared {
  return reading(() => list(call, 'detail'));
}

/** EVS's own listing: with tags, and with the total in `count` whatever the page. */
export function listCloudVolumes(call: Call): Prepared {
  return reading(() => list(call, 'native'));
}

export function showVolume(call: Call): Prepared {
  return show(call, 'detail');
}

export function showCloudVolume(call: Call): Prepared {
  return show(call, 'native');
}

function show(call: Call, form: VolumeForm): Prepared {
  const volume = visibleVolume(call, call.params['id'] ?? '');
  return reading(() => ({ reply: jsonReply(200, { volume: volumeJson(call, volume, form) }), volumeId: volume.id }));
}

function list(call: Call, form: VolumeForm): Outcome {
  const { cloud, request, minor } = call;
  const { flavour } = cloud.identity;
  const asked = pageRequest(request.query, flavour, minor);
  const known = ['name', 'status', 'metadata', 'availability_zone', 'bootable', 'migration_status', 'group_id', 'size', 'volume_type'];
  refuseUnknownFilters(request.query, known, flavour, minor);
  const source = sourceFor(call, asked.marker, form);
  const page = takePage(source, asked);
  const counted = form === 'native' || wantsCount(request.query, flavour, minor);
  const body = {
    volumes: page.items.map((volume) => volumeJson(call, volume, form)),
    ...pageLinks(call, page, asked, { name: 'volumes', suffix: form === 'summary' ? '' : '/detail' }),
    ...(counted ? { count: countAccepted(source) } : {}),
  };
  return { reply: jsonReply(200, body) };
}

function sourceFor(call: Call, marker: string | undefined, form: VolumeForm): Source<VolumeRecord> {
  const { cloud } = call;
  const nowMs = cloud.now();
  const markerRecord = marker === undefined ? undefined : cloud.volume(marker);
  if (marker !== undefined && markerRecord === undefined) throw notFound(`Volume ${marker} could not be found.`);
  const tests = testsFor(call, nowMs, form);
  if (cloud.settings.visibilityDelayMs > 0) tests.push((volume) => volume.visibleAtMs <= nowMs);
  return {
    index: cloud.volumeOrder,
    accepts: tests.length === 0 ? undefined : (volume) => tests.every((test) => test(volume)),
    marker: markerRecord,
    valueOf: (volume, key) => sortValue(volume, key, nowMs),
  };
}

function testsFor(call: Call, nowMs: number, form: VolumeForm): ((volume: VolumeRecord) => boolean)[] {
  const { query } = call.request;
  const { flavour } = call.cloud.identity;
  const name = query.get('name');
  const status = query.get('status');
  const zone = query.get('availability_zone');
  const metadata = query.get('metadata');
  const tests: ((volume: VolumeRecord) => boolean)[] = [];
  if (name !== null) tests.push((volume) => nameMatches(flavour, name, volume.name));
  if (status !== null) tests.push((volume) => sameText(status, volumeStatus(volume, nowMs)));
  if (zone !== null) tests.push((volume) => volume.availabilityZone === zone);
  if (metadata !== null) {
    const pairs = metadataFilter(metadata);
    tests.push((volume) => hasPairs(volume.metadata, pairs));
  }
  const ids = form === 'native' ? wantedIds(query) : undefined;
  if (ids !== undefined) tests.push((volume) => ids.has(volume.id));
  return tests;
}

/** `ids=['a','b']` wins over `id` (EVS API reference, disk list). */
function wantedIds(query: URLSearchParams): ReadonlySet<string> | undefined {
  const several = query.get('ids');
  if (several !== null) return new Set(several.replaceAll(/[[\]'"\s]/g, '').split(','));
  const one = query.get('id');
  return one === null ? undefined : new Set([one]);
}

function sortValue(volume: VolumeRecord, key: string, nowMs: number): string | number {
  switch (key) {
    case 'status':
      return volumeStatus(volume, nowMs);
    case 'size':
      return volume.sizeGb;
    case 'name':
    case 'display_name':
      return volume.name;
    default:
      return volume.id;
  }
}
