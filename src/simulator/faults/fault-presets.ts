import { Refusal, type RefusalShape } from '../http/refusal.ts';

interface Preset {
  readonly status: number;
  readonly message: string;
  readonly shape?: RefusalShape;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Errors by name: texts and statuses of the EVS API reference (error codes; gateway codes) and of Cinder 21.3.1. */
const presets: Readonly<Record<string, Preset>> = {
  'EVS.0001': { status: 400, message: 'invalid tenant id!' },
  'EVS.0002': { status: 400, message: 'invalid token!' },
  'EVS.0003': { status: 403, message: 'invalid token roles!' },
  'EVS.1002': { status: 400, message: 'invalid volume id!' },
  'EVS.1012': { status: 400, message: 'temporary volume!' },
  'EVS.1023': { status: 400, message: 'invalid limit!' },
  'EVS.1024': { status: 400, message: 'invalid marker!' },
  'EVS.1027': { status: 403, message: 'the role is not allowed to do this!' },
  'EVS.1033': { status: 400, message: 'query quota failed!' },
  'EVS.1034': { status: 400, message: 'the number of disks exceeds the quota!' },
  'EVS.1042': { status: 400, message: 'the capacity of disks exceeds the quota!' },
  'EVS.1047': { status: 400, message: 'snapshot status must be available or error when delete snapshot!' },
  'EVS.2001': { status: 500, message: 'submit job failed!' },
  'EVS.2005': { status: 500, message: 'internal client error!' },
  'EVS.2007': { status: 500, message: 'internal time-out!' },
  'EVS.2010': { status: 500, message: 'token exchange failed!' },
  'EVS.2019': { status: 500, message: 'snapshot is error_deleting!' },
  'EVS.2040': { status: 400, message: 'the KMS key is disabled!' },
  'EVS.2043': { status: 400, message: 'snapshot status must be available or backing-up when create volume from snapshot!' },
  'EVS.2047': { status: 400, message: 'metadata can not be operated' },
  'EVS.2056': { status: 403, message: 'fine-grained policy denied!' },
  'EVS.2068': { status: 400, message: 'the disk is locked by another service!' },
  'EVS.2130': { status: 400, message: 'the disk is backing up!' },
  'EVS.2144': { status: 403, message: 'the account is frozen!' },
  'EVS.2145': { status: 403, message: 'the account is suspended!' },
  'EVS.2409': { status: 409, message: 'another snapshot of this disk is being created!' },
  'EVS.5400': { status: 400, message: 'Invalid volume: Volume status must be available, but current status is: extending.' },
  'EVS.5401': { status: 401, message: 'Authentication required' },
  'EVS.5403': { status: 403, message: 'Policy check failed.' },
  'EVS.5404': { status: 404, message: 'Volume could not be found.' },
  'EVS.5413': { status: 413, message: 'Insufficient volume quota.', headers: { 'Retry-After': '0' } },
  'EVS.5500': { status: 500, message: 'The server has either erred or is incapable of performing the requested operation.' },
  'EVS.5503': { status: 503, message: 'Service unavailable' },
  'Common.0013': { status: 400, message: 'The token has expired.' },
  'Common.0018': { status: 400, message: 'The project id in the URL does not match that of the token.' },
  'APIGW.0101': { status: 404, shape: 'gateway', message: 'The API does not exist or has not been published in the environment' },
  'APIGW.0201': { status: 504, shape: 'gateway', message: 'Backend timeout.' },
  'APIGW.0202': { status: 502, shape: 'gateway', message: 'Backend unavailable' },
  'APIGW.0203': { status: 504, shape: 'gateway', message: 'Backend timeout' },
  'APIGW.0301': { status: 401, shape: 'gateway', message: 'Incorrect IAM authentication information: decrypt token fail' },
  'APIGW.0302': { status: 403, shape: 'gateway', message: 'The IAM user is not authorized to access the API' },
  'APIGW.0303': { status: 401, shape: 'gateway', message: 'Incorrect app authentication information: x-sdk-date expired' },
  'APIGW.0305': { status: 401, shape: 'gateway', message: 'Incorrect authentication information' },
  'APIGW.0307': { status: 401, shape: 'gateway', message: 'The token must be updated.' },
  'APIGW.0308': {
    status: 429,
    shape: 'gateway',
    message: 'The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 second',
  },
  'APIGW.0310': { status: 403, shape: 'gateway', message: 'The project is unavailable' },
  'APIGW.0601': { status: 500, shape: 'gateway', message: 'Internal server error' },
  'APIGW.0613': { status: 503, shape: 'gateway', message: 'IAM is temporarily unavailable' },
  'APIGW.0802': { status: 403, shape: 'gateway', message: 'The IAM user is forbidden in the currently selected region' },
  'IAM.0002': { status: 403, shape: 'iam', message: 'You are not authorized to perform the requested action.' },
  'IAM.0006': { status: 500, shape: 'iam', message: 'Internal error.' },
  'IAM.0012': { status: 429, shape: 'iam', message: 'The throttling threshold has been reached. Threshold: 5 times per 60 seconds' },
  'IAM.0061': { status: 401, shape: 'iam', message: 'The account is locked.' },
  'IAM.0062': { status: 401, shape: 'iam', message: 'The username or password is wrong.' },
  badRequest: { status: 400, shape: 'cinder', message: 'Invalid volume: Volume status must be available, but current status is: extending.' },
  unauthorized: { status: 401, shape: 'cinder', message: 'The request you have made requires authentication.' },
  forbidden: { status: 403, shape: 'cinder', message: "Policy doesn't allow volume:create_snapshot to be performed." },
  itemNotFound: { status: 404, shape: 'cinder', message: 'Volume could not be found.' },
  conflictingRequest: { status: 409, shape: 'cinder', message: 'There was a conflict with another request.' },
  overLimit: {
    status: 413,
    shape: 'cinder',
    message: 'SnapshotLimitExceeded: Maximum number of snapshots allowed (10) exceeded',
    headers: { 'Retry-After': '0' },
  },
  overLimitFault: {
    status: 413,
    shape: 'cinder',
    message: 'This request was rate-limited.',
    headers: { 'Retry-After': '12', 'Content-Type': 'text/html; charset=UTF-8' },
  },
  computeFault: {
    status: 500,
    shape: 'cinder',
    message: 'The server has either erred or is incapable of performing the requested operation.',
  },
  serviceUnavailable: { status: 503, shape: 'cinder', message: 'Service is unavailable at this time.' },
};

export const faultCodes: readonly string[] = Object.keys(presets);

export function isFaultCode(code: string): boolean {
  return Object.hasOwn(presets, code);
}

/** The refusal of that name, with another text, status or further headers when given. */
export function presetRefusal(effect: {
  readonly code: string;
  readonly message?: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
}): Refusal {
  const { code } = effect;
  const preset: Preset = presets[code] ?? { status: 500, message: code, shape: 'gateway' };
  return new Refusal({
    shape: preset.shape ?? 'service',
    status: effect.status ?? preset.status,
    code,
    message: effect.message ?? preset.message,
    headers: { ...preset.headers, ...effect.headers },
  });
}
