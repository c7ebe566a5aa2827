import { reading, type Call, type Prepared } from '../http/call.ts';
import { notFound } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import { snapshotStatus, type SnapshotRecord } from '../state/snapshot.ts';
import { hasPairs, metadataFilter, metadataFilterMinor, nameMatches, refuseUnknownFilters, sameText, wantsCount } from './list-filters.ts';
import { pageLinks } from './page-links.ts';
import { pageRequest } from './page-request.ts';
import { snapshotJson } from './snapshot-json.ts';
import { countAccepted, takePage, type Source } from './take-page.ts';

export function listSnapshots(call: Call): Prepared {
  return reading(() => list(call, ''));
}

export function listSnapshotsDetail(call: Call): Prepared {
  return reading(() => list(call, '/detail'));
}

function list(call: Call, suffix: '' | '/detail') {
  const { cloud, request, minor } = call;
  const { flavour } = cloud.identity;
  const { query } = request;
  const asked = pageRequest(query, flavour, minor);
  const known = ['name', 'status', 'volume_id', 'group_snapshot_id', 'availability_zone', 'metadata'];
  refuseUnknownFilters(query, known, flavour, minor);
  const source = sourceFor(call, asked.marker);
  const page = takePage(source, asked);
  const form = suffix === '' ? 'summary' : 'detail';
  const body = {
    snapshots: page.items.map((snapshot) => snapshotJson(call, snapshot, form)),
    ...pageLinks(call, page, asked, { name: 'snapshots', suffix }),
    ...(wantsCount(query, flavour, minor) ? { count: countAccepted(source) } : {}),
  };
  return { reply: jsonReply(200, body), volumeId: query.get('volume_id') ?? undefined };
}

function sourceFor(call: Call, marker: string | undefined): Source<SnapshotRecord> {
  const { cloud, request } = call;
  const { query } = request;
  const nowMs = cloud.now();
  const markerRecord = marker === undefined ? undefined : cloud.snapshot(marker);
  // A marker that was deleted meanwhile ends the paging (seen on Cinder 21.3.1).
  if (marker !== undefined && markerRecord === undefined) throw notFound(`Snapshot ${marker} could not be found.`);
  const volumeId = query.get('volume_id');
  const tests = testsFor(call, nowMs);
  if (cloud.settings.visibilityDelayMs > 0) tests.push((snapshot) => snapshot.visibleAtMs <= nowMs);
  return {
    index: volumeId === null ? cloud.snapshotOrder : cloud.snapshotsOf(volumeId),
    accepts: tests.length === 0 ? undefined : (snapshot) => tests.every((test) => test(snapshot)),
    marker: markerRecord,
    valueOf: (snapshot, key) => sortValue(snapshot, key, nowMs),
  };
}

function testsFor(call: Call, nowMs: number): ((snapshot: SnapshotRecord) => boolean)[] {
  const { cloud, request, minor } = call;
  const { flavour } = cloud.identity;
  const name = request.query.get('name');
  const status = request.query.get('status');
  const metadata = request.query.get('metadata');
  const zone = request.query.get('availability_zone');
  const tests: ((snapshot: SnapshotRecord) => boolean)[] = [];
  if (name !== null) tests.push((snapshot) => nameMatches(flavour, name, snapshot.name));
  if (status !== null) tests.push((snapshot) => sameStatus(flavour, status, snapshotStatus(snapshot, nowMs)));
  // On EVS the filter is documented for the older version's detailed list only.
  if (zone !== null && flavour === 'evs' && request.rawPath.startsWith('/v2/')) {
    tests.push((snapshot) => cloud.volume(snapshot.volumeId)?.availabilityZone === zone);
  }
  if (metadata !== null && minor >= metadataFilterMinor && flavour === 'cinder') {
    const pairs = metadataFilter(metadata);
    tests.push((snapshot) => hasPairs(snapshot.metadata, pairs));
  }
  return tests;
}

function sameStatus(flavour: 'evs' | 'cinder', wanted: string, status: string): boolean {
  return flavour === 'evs' ? wanted === status : sameText(wanted, status);
}

function sortValue(snapshot: SnapshotRecord, key: string, nowMs: number): string | number {
  switch (key) {
    case 'status':
      return snapshotStatus(snapshot, nowMs);
    case 'size':
      return snapshot.sizeGb;
    case 'volume_id':
      return snapshot.volumeId;
    case 'name':
    case 'display_name':
      return snapshot.name ?? '';
    default:
      return snapshot.id;
  }
}
