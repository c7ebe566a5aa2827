import { reading, type Call, type Prepared } from '../http/call.ts';
import { isObject } from '../http/json-value.ts';
import { badRequest, serviceRefusal } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import { snapshotStatus } from '../state/snapshot.ts';
import { jsonBody } from './validate-body.ts';

const actions = new Map([
  ['os-reset_status', 'reset_status'],
  ['os-force_delete', 'force_delete'],
]);

/** `POST …/snapshots/{id}/action`: a member may not (text seen on Cinder 21.3.1). */
export function snapshotAction(call: Call): Prepared {
  const body = jsonBody(call.request, call.cloud.identity.flavour);
  const [name] = Object.keys(isObject(body) ? body : {});
  if (name === undefined) throw badRequest('Malformed request body');
  const action = actions.get(name);
  if (action === undefined) {
    throw badRequest(`There is no such action: ${name}. Verify the request body and Content-Type header and try again.`);
  }
  throw serviceRefusal(403, `Policy doesn't allow volume_extension:snapshot_admin_actions:${action} to be performed.`);
}

export function updateQuotaSet(): Prepared {
  throw serviceRefusal(403, "Policy doesn't allow volume_extension:quotas:update to be performed.");
}

/** `GET …/messages?resource_uuid=`: the only place where Cinder says why a snapshot failed (from microversion 3.3). */
export function listMessages(call: Call): Prepared {
  return reading(() => {
    const { cloud, request } = call;
    const nowMs = cloud.now();
    const snapshot = cloud.snapshot(request.query.get('resource_uuid') ?? '');
    const failed = snapshot !== undefined && snapshotStatus(snapshot, nowMs) === 'error';
    const messages = failed
      ? [
          {
            id: `m${snapshot.id.slice(1)}`,
            event_id: 'VOLUME_VOLUME_SNAPSHOT_009_013',
            user_message: 'create snapshot:Snapshot failed to create.',
            message_level: 'ERROR',
            request_id: request.requestId,
            resource_type: 'VOLUME_SNAPSHOT',
            resource_uuid: snapshot.id,
          },
        ]
      : [];
    return { reply: jsonReply(200, { messages }) };
  });
}
