import type { Call, Prepared } from '../http/call.ts';
import { isObject, stringMap } from '../http/json-value.ts';
import { badRequest, notFound } from '../http/refusal.ts';
import { emptyReply, jsonReply } from '../http/reply.ts';
import { snapshotStatus, type SnapshotRecord } from '../state/snapshot.ts';
import { volumeStatus } from '../state/volume.ts';
import { checkGigabytes } from './quota-gate.ts';
import { visibleVolume } from './snapshot-lookup.ts';
import { jsonBody } from './validate-body.ts';
import { volumeJson } from './volume-json.ts';

/** `POST /v3/{project_id}/volumes`, empty or from a snapshot: 202, then `creating`, then `available`. */
export function createVolume(call: Call): Prepared {
  const { cloud, request } = call;
  const { flavour } = cloud.identity;
  const body = jsonBody(request, flavour);
  const wanted = isObject(body) ? body['volume'] : undefined;
  if (!isObject(wanted)) throw badRequest("'volume' is a required property");
  const snapshot = sourceSnapshot(call, wanted['snapshot_id']);
  const source = snapshot === undefined ? undefined : cloud.volume(snapshot.volumeId);
  const sizeGb = wanted['size'] ?? snapshot?.sizeGb;
  if (typeof sizeGb !== 'number' || !Number.isInteger(sizeGb) || sizeGb < 1) {
    throw badRequest('Invalid input received: Volume size must be an integer greater than 0.');
  }
  if (snapshot !== undefined && sizeGb < snapshot.sizeGb) {
    throw badRequest(
      `Invalid input received: Volume size '${sizeGb}'GB cannot be smaller than the snapshot size ${snapshot.sizeGb}GB. ` +
        'They must be >= original snapshot size.',
    );
  }
  const availabilityZone = text(wanted['availability_zone']) ?? source?.availabilityZone ?? 'nova';
  checkZone(call, availabilityZone, source?.availabilityZone);
  checkGigabytes(cloud, sizeGb);
  return {
    commit() {
      const volume = cloud.createVolume({
        name: text(wanted['name']) ?? '',
        description: text(wanted['description']) ?? null,
        sizeGb,
        volumeType: text(wanted['volume_type']) ?? source?.volumeType ?? (flavour === 'evs' ? 'SSD' : '__DEFAULT__'),
        availabilityZone,
        metadata: stringMap(wanted['metadata']),
        snapshotId: snapshot?.id ?? null,
      });
      return {
        reply: jsonReply(202, { volume: { ...volumeJson(call, volume, 'detail'), status: 'creating' } }),
        volumeId: volume.id,
        snapshotId: snapshot?.id,
      };
    },
  };
}

/** Refused while there are snapshots, unless `?cascade=true` (seen on Cinder 21.3.1). */
export function deleteVolume(call: Call): Prepared {
  const { cloud, request } = call;
  const volume = visibleVolume(call, call.params['id'] ?? '');
  const cascade = request.query.get('cascade')?.toLowerCase() === 'true';
  const status = volumeStatus(volume, cloud.now());
  const deletable = ['available', 'error', 'error_restoring', 'error_extending', 'error_managing'].includes(status);
  if (!deletable || (!cascade && cloud.snapshotsOf(volume.id).size > 0)) {
    throw badRequest(
      'Invalid volume: Volume status must be available or error or error_restoring or error_extending or error_managing ' +
        'and must not be migrating, attached, belong to a group, have snapshots, awaiting a transfer, or be disassociated ' +
        'from snapshots after volume transfer.',
    );
  }
  return {
    commit() {
      cloud.deleteVolume(volume, request.n);
      return { reply: emptyReply(202), volumeId: volume.id };
    },
  };
}

/** A legacy snapshot can be cloned in its own zone only (EVS API reference, API families; the text is ours); Cinder knows the zones it has. */
function checkZone({ cloud }: Call, zone: string, ofSource: string | undefined): void {
  if (cloud.identity.flavour === 'evs') {
    if (ofSource !== undefined && zone !== ofSource) throw badRequest(`Invalid input received: the snapshot is in availability zone ${ofSource}, not in ${zone}.`);
    return;
  }
  const known = new Set(['nova', ...[...cloud.volumeOrder.newestFirst()].map((volume) => volume.availabilityZone)]);
  if (!known.has(zone)) throw badRequest(`Invalid input received: Availability zone '${zone}' is invalid.`);
}

function sourceSnapshot(call: Call, id: unknown): SnapshotRecord | undefined {
  if (typeof id !== 'string') return undefined;
  const { cloud } = call;
  const nowMs = cloud.now();
  const snapshot = cloud.snapshot(id);
  if (snapshot === undefined || snapshot.visibleAtMs > nowMs) throw notFound(`Snapshot ${id} could not be found.`);
  const status = snapshotStatus(snapshot, nowMs);
  if (cloud.identity.flavour === 'evs' && status !== 'available' && status !== 'backing-up') {
    throw badRequest('snapshot status must be available or backing-up when create volume from snapshot!', 'EVS.2043');
  }
  if (cloud.identity.flavour === 'cinder' && status !== 'available') {
    throw badRequest("Invalid snapshot: Originating snapshot status must be one of 'available' values");
  }
  return snapshot;
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
