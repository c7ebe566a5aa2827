import { reading, type Call, type Prepared } from '../http/call.ts';
import { badRequest } from '../http/refusal.ts';
import { emptyReply, jsonReply } from '../http/reply.ts';
import { snapshotStatus } from '../state/snapshot.ts';
import { snapshotJson } from './snapshot-json.ts';
import { visibleSnapshot } from './snapshot-lookup.ts';
import { checkPrintable, checkText, envelope, invalidField, jsonBody, refuseFourByteLetters, refuseUnknownKeys, textLimits } from './validate-body.ts';

export function showSnapshot(call: Call): Prepared {
  const snapshot = visibleSnapshot(call);
  return reading(() => ({
    reply: jsonReply(200, { snapshot: snapshotJson(call, snapshot, 'detail') }),
    volumeId: snapshot.volumeId,
    snapshotId: snapshot.id,
  }));
}

/** `PUT …/snapshots/{id}`: name and description, in any state, also while creating (seen on Cinder 21.3.1). */
export function updateSnapshot(call: Call): Prepared {
  const { cloud, request } = call;
  const { flavour } = cloud.identity;
  const limits = textLimits(flavour);
  const wanted = envelope(jsonBody(request, flavour), 'snapshot', (inner) => {
    checkText(inner, 'name', limits.name, flavour);
    checkText(inner, 'description', limits.description, flavour);
    checkPrintable(inner, 'description', flavour);
    refuseUnknownKeys(inner, ['name', 'description'], 'snapshot');
    if (Object.keys(inner).length === 0) throw invalidField('snapshot', inner, '{} is not valid under any of the given schemas');
  });
  const snapshot = visibleSnapshot(call);
  const name = textOr(wanted['name'], snapshot.name)?.trim() ?? null;
  const description = textOr(wanted['description'], snapshot.description)?.trim() ?? null;
  refuseFourByteLetters(flavour, [name, description]);
  return {
    commit() {
      snapshot.name = name;
      snapshot.description = description;
      snapshot.editedAtMs = cloud.now();
      return {
        reply: jsonReply(200, { snapshot: snapshotJson(call, snapshot, 'summary') }),
        volumeId: snapshot.volumeId,
        snapshotId: snapshot.id,
      };
    },
  };
}

/** `DELETE …/snapshots/{id}`: 202, `deleting`, then 404; only from `available` or `error`. */
export function deleteSnapshot(call: Call): Prepared {
  const { cloud, request, twists } = call;
  const snapshot = visibleSnapshot(call);
  const status = snapshotStatus(snapshot, cloud.now());
  if (status !== 'available' && status !== 'error') {
    throw cloud.identity.flavour === 'evs'
      ? badRequest('snapshot status must be available or error when delete snapshot!', 'EVS.1047')
      : badRequest('Invalid snapshot: Snapshot status must be available or error and must not be part of a group.');
  }
  // Backup snapshots cannot be deleted by hand (EVS API reference, oddities); the text is ours.
  if (snapshot.autoMade) throw badRequest('Invalid snapshot: the snapshot was created by a backup and cannot be deleted.');
  return {
    commit() {
      cloud.deleteSnapshot(snapshot, twists.deletionFate ?? 'gone', request.n);
      return { reply: emptyReply(202), volumeId: snapshot.volumeId, snapshotId: snapshot.id };
    },
  };
}

function textOr(value: unknown, otherwise: string | null): string | null {
  if (value === undefined) return otherwise;
  return typeof value === 'string' ? value : null;
}
