import type { Call, Prepared } from '../http/call.ts';
import { badRequest, notFound } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import { volumeStatus } from '../state/volume.ts';
import { checkSnapshotQuota } from './quota-gate.ts';
import { snapshotJson } from './snapshot-json.ts';
import { visibleVolume } from './snapshot-lookup.ts';
import { jsonBody } from './validate-body.ts';
import { validateCreate } from './validate-create.ts';
import { forcelessMinor, volumeStateRefusal } from './volume-gate.ts';

/** `POST /v3/{project_id}/snapshots`: 202, and the snapshot is yet to be made. There is no idempotency key. */
export function createSnapshot(call: Call): Prepared {
  const { cloud, request, minor } = call;
  const { flavour } = cloud.identity;
  const input = validateCreate(jsonBody(request, flavour), flavour);
  if (cloud.settings.legacyCreationDisabled) {
    throw badRequest('Legacy snapshots can no longer be created in this region.');
  }
  if (minor >= forcelessMinor && input.force === false) {
    throw badRequest(
      "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, " +
        "when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
    );
  }
  const volume = visibleVolume(call, input.volumeId ?? 'None');
  const refusal = volumeStateRefusal({ id: volume.id, status: volumeStatus(volume, cloud.now()) }, input.force, minor);
  if (refusal !== undefined) throw refusal;
  checkSnapshotQuota(cloud, volume);

  return {
    commit() {
      // Between the check and a late commit the volume may have gone.
      if (cloud.volume(volume.id) === undefined) throw notFound(`Volume ${volume.id} could not be found.`);
      const snapshot = cloud.createSnapshot({
        volume,
        name: input.name,
        description: input.description,
        metadata: input.metadata,
        fate: call.twists.snapshotFate ?? 'available',
        requestN: request.n,
      });
      return {
        reply: jsonReply(202, { snapshot: snapshotJson(call, snapshot, 'fresh') }),
        volumeId: volume.id,
        snapshotId: snapshot.id,
      };
    },
  };
}
