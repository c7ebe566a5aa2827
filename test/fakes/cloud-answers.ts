import type { TransportCode, TransportPhase } from '#domain/failure/call-facts';
import { classifyFailure } from '#domain/failure/classify-failure';
import { CloudFailure } from '#domain/failure/failure';
import { instant } from '#domain/time';

const at = instant(Date.parse('2026-11-24T00:00:00Z'));

/** What the real adapter throws for this answer of the cloud to a create call: only the HTTP facts are made up here. */
export function refused(status: number, body: object | string, headers: { retryAfter?: string; requestId?: string } = {}): CloudFailure {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const { retryAfter = null, requestId = `req-${status}` } = headers;
  return new CloudFailure(classifyFailure({ outcome: { type: 'answer', status, body: text, requestId, retryAfter }, creates: true, force: false, now: at }));
}

/** A call whose answer never came, lost after `phase`. */
export function lost(code: TransportCode, phase: TransportPhase = 'headers'): CloudFailure {
  return new CloudFailure(classifyFailure({ outcome: { type: 'lost', phase, code, detail: `the call was lost: ${code}` }, creates: true, force: false, now: at }));
}

/** An error as EVS words it. */
export function evsError(code: string, message: string): object {
  return { error: { code, message } };
}

/** An error as Cinder words it, under the wrapper's name. */
export function cinderError(wrapper: string, code: number, message: string): object {
  return { [wrapper]: { code, message } };
}

export const answers = {
  attaching: () => refused(400, evsError('EVS.5400', 'Invalid volume: Volume status must be available or in-use, but current status is: attaching.')),
  plain400: () => refused(400, evsError('EVS.5400', 'Invalid input received: name is too long.')),
  forbidden: () => refused(403, evsError('EVS.5403', 'Policy check failed.')),
  unauthorized: () => refused(401, evsError('EVS.5401', 'Authentication required')),
  gone: () => refused(404, evsError('EVS.5404', 'Volume could not be found.')),
  quota: () => refused(413, cinderError('overLimit', 413, 'SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded'), { retryAfter: '0' }),
  throttled: (retryAfter = '20') => refused(429, { error_code: 'APIGW.0308', error_msg: 'The throttling threshold has been reached', request_id: 'gw-1' }, { retryAfter }),
  throttledWithout: () => refused(429, { error_code: 'APIGW.0308', error_msg: 'The throttling threshold has been reached', request_id: 'gw-1' }),
  overLimitFault: () => refused(413, cinderError('overLimitFault', 413, 'This request was rate-limited.'), { retryAfter: '12' }),
  unavailable: () => refused(503, cinderError('serviceUnavailable', 503, 'Service is unavailable at this time.')),
  gatewayTimeout: () => refused(504, { error_code: 'APIGW.0203', error_msg: 'Backend timeout', request_id: 'gw-2' }),
  timeout: () => lost('timeout'),
  reset: () => lost('reset'),
  connectRefused: () => lost('refused', 'connect'),
};
