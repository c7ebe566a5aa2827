import { describe, expect, it } from 'vitest';
import type { CallFacts, TransportPhase } from '#domain/failure/call-facts';
import { classifyFailure } from '#domain/failure/classify-failure';
import type { Failure } from '#domain/failure/failure';
import { instant } from '#domain/time';

const now = instant(Date.UTC(2026, 10, 24, 2, 0, 0));
const volume = 'a569c587-84be-4d0a-ad52-6f440499a871';

function answer(status: number, body: unknown, more: Partial<CallFacts> & { retryAfter?: string; requestId?: string } = {}): Failure {
  const { retryAfter = null, requestId = null, ...facts } = more;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return classifyFailure({ outcome: { type: 'answer', status, body: text, requestId, retryAfter }, creates: true, force: true, now, ...facts });
}

const evs = (code: string, message = 'x') => ({ error: { code, message } });
const cinder = (wrapper: string, code: number, message: string) => ({ [wrapper]: { code, message } });
const gateway = (code: string, message = 'x') => ({ error_code: code, error_msg: message, request_id: '0f3b5c7d9e1f40d8a2b4c6d8e0f21436' });
const state = (word: string, force = true) => `Invalid volume: Volume ${volume} status must be available, ${force ? 'in-use, ' : ''}but current status is: ${word}.`;
const keystone = { error: { code: 401, message: 'The request you have made requires authentication.', title: 'Unauthorized' } };
const html404 = '<html>\n <head>\n  <title>404 Not Found</title>\n </head>\n <body>\n  <h1>404 Not Found</h1>\n  The resource could not be found.<br /><br />\n </body>\n</html>';
const computeFault = cinder('computeFault', 500, 'The server has either erred or is incapable of performing the requested operation.');

describe('refused calls', () => {
  it.each<[string, number, unknown, string, string]>([
    // The volume's state, as Cinder 21.3.1 words it, in both wrappings.
    ...['attaching', 'detaching', 'creating', 'downloading', 'uploading', 'extending', 'retyping', 'backing-up', 'restoring-backup', 'rollbacking', 'reserved', 'deleting'].flatMap(
      (word): [string, number, unknown, string, string][] => [
        [`Cinder, ${word}`, 400, cinder('badRequest', 400, state(word)), 'conflict', 'badRequest'],
        [`EVS, ${word}`, 400, evs('EVS.5400', state(word)), 'conflict', 'EVS.5400'],
      ],
    ),
    ...['error', 'error_deleting', 'error_extending', 'error_restoring', 'error_rollbacking', 'awaiting-transfer', 'in-use'].map((word): [string, number, unknown, string, string] => [
      `Cinder, ${word}`, 400, cinder('badRequest', 400, state(word)), 'invalid', 'badRequest',
    ]),
    ['a state nobody knows, going on', 400, evs('EVS.5400', state('defragmenting')), 'conflict', 'EVS.5400'],
    ['a state nobody knows, standing', 400, evs('EVS.5400', state('frozen')), 'invalid', 'EVS.5400'],
    ['Cinder, error status', 400, cinder('badRequest', 400, 'Invalid volume: The snapshot cannot be created when the volume is in error status.'), 'invalid', 'badRequest'],
    ['Cinder, maintenance', 400, cinder('badRequest', 400, 'Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.'), 'conflict', 'badRequest'],
    ['Cinder, never placed', 400, cinder('badRequest', 400, 'Invalid volume: volume is not assigned to a host'), 'invalid', 'badRequest'],
    ['Cinder, deletes of a snapshot at work', 400, cinder('badRequest', 400, 'Invalid snapshot: Snapshot status must be available or error and must not be part of a group.'), 'conflict', 'badRequest'],
    ['EVS.1047', 400, evs('EVS.1047', 'snapshot status must be available or error when delete snapshot!'), 'conflict', 'EVS.1047'],
    ['EVS.2409 with 409', 409, evs('EVS.2409', 'a snapshot is being created'), 'conflict', 'EVS.2409'],
    ['EVS.2409 with 400', 400, evs('EVS.2409'), 'conflict', 'EVS.2409'],
    ['a snapshot being created, in words', 400, evs('EVS.5400', 'Another snapshot of this volume is being created.'), 'conflict', 'EVS.5400'],
    ['409 of no code', 409, cinder('conflictingRequest', 409, 'busy'), 'conflict', 'conflictingRequest'],
    // Other 400.
    ['too long a name', 400, cinder('badRequest', 400, "Invalid input for field/attribute name. Value: x. 'x' is too long"), 'invalid', 'badRequest'],
    ['another project', 400, cinder('badRequest', 400, 'Malformed request url'), 'invalid', 'badRequest'],
    ['wrong tenant id', 400, evs('EVS.0001', 'invalid tenant id!'), 'invalid', 'EVS.0001'],
    ['a name that speaks of quota', 400, cinder('badRequest', 400, "Invalid input for field/attribute name. Value: quota. 'quota' is too long"), 'invalid', 'badRequest'],
    // Quota.
    ['quota of snapshots', 413, { overLimit: { code: 413, message: 'SnapshotLimitExceeded: Maximum number of snapshots allowed (49) exceeded', retryAfter: '0' } }, 'quota', 'overLimit'],
    ['quota of gigabytes', 413, { overLimit: { code: 413, message: 'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota.', retryAfter: '0' } }, 'quota', 'overLimit'],
    ['EVS.5413', 413, evs('EVS.5413', 'Insufficient volume quota.'), 'quota', 'EVS.5413'],
    ['EVS.1042', 400, evs('EVS.1042', 'x'), 'quota', 'EVS.1042'],
    ['quota with 403', 403, cinder('forbidden', 403, 'Quota exceeded for snapshots'), 'quota', 'forbidden'],
    ['413 that says nothing', 413, '', 'quota', 'HTTP_413'],
    // Rate.
    ['Cinder\'s rate limiter', 413, { overLimitFault: { code: 413, message: 'This request was rate-limited.', details: 'Only 5 POST request(s) can be made to * every minute.' } }, 'throttled', 'overLimitFault'],
    ['an old rate limiter', 413, { overLimit: { code: 413, message: 'This request was rate-limited.' } }, 'throttled', 'overLimit'],
    ['APIGW.0308', 429, gateway('APIGW.0308', 'The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute'), 'throttled', 'APIGW.0308'],
    ['429 of no code', 429, 'slow down', 'throttled', 'HTTP_429'],
    ['IAM.0012', 429, { error_msg: 'Threshold: 5 times per 60 seconds', error_code: 'IAM.0012' }, 'throttled', 'IAM.0012'],
    // Sizes.
    ['413 page', 413, '<html><body>Request is too large. Larger than max_request_body_size (114688).</body></html>', 'invalid', 'HTTP_413'],
    ['413 of the gateway', 413, gateway('APIGW.0201', 'Request entity too large'), 'invalid', 'APIGW.0201'],
    // Credentials and rights.
    ['Keystone\'s 401', 401, keystone, 'auth', 'HTTP_401'],
    ['EVS.0002', 400, evs('EVS.0002', 'invalid token!'), 'auth', 'EVS.0002'],
    ['Common.0013', 400, gateway('Common.0013'), 'auth', 'Common.0013'],
    ['APIGW.0301', 401, gateway('APIGW.0301', 'Incorrect IAM authentication information: decrypt token fail'), 'auth', 'APIGW.0301'],
    ['APIGW.0307', 401, gateway('APIGW.0307', 'The token must be updated.'), 'auth', 'APIGW.0307'],
    ['IAM.0066', 401, gateway('IAM.0066'), 'auth', 'IAM.0066'],
    ['403 of EVS', 403, evs('EVS.2056', 'denied'), 'auth', 'EVS.2056'],
    ['403 of Cinder', 403, cinder('forbidden', 403, "Policy doesn't allow volume_extension:quotas:update to be performed."), 'auth', 'forbidden'],
    ['403 of nobody', 403, '', 'auth', 'HTTP_403'],
    // Gone, and wrong addresses.
    ['EVS.5404', 404, evs('EVS.5404', 'Volume could not be found.'), 'not_found', 'EVS.5404'],
    ['itemNotFound', 404, cinder('itemNotFound', 404, `Volume ${volume} could not be found.`), 'not_found', 'itemNotFound'],
    ['itemNotFound with a code as text', 404, { itemNotFound: { message: 'x', code: '404' } }, 'not_found', 'itemNotFound'],
    ['APIGW.0101', 404, gateway('APIGW.0101', 'The API does not exist or has not been published in the environment'), 'invalid', 'APIGW.0101'],
    ['404 page', 404, html404, 'invalid', 'HTTP_404'],
    ['404 of nobody', 404, '', 'invalid', 'HTTP_404'],
    ['404 of an unknown shape', 404, { detail: 'x', message: 'nothing here' }, 'unknown', 'HTTP_404'],
    ['a missing key of an encrypted volume', 400, evs('EVS.2040'), 'invalid', 'EVS.2040'],
    // The cloud's own trouble.
    ['computeFault', 500, computeFault, 'transient', 'computeFault'],
    ['EVS.5500', 500, evs('EVS.5500'), 'transient', 'EVS.5500'],
    ['504 of the gateway', 504, gateway('APIGW.0203', 'Backend timeout'), 'transient', 'APIGW.0203'],
    ['504 of the gateway, older', 504, gateway('APIGW.0201', 'Backend timeout'), 'transient', 'APIGW.0201'],
    ['503 page of Keystone', 503, '<html><title>503</title>The Keystone service is temporarily unavailable.</html>', 'transient', 'HTTP_503'],
    ['408', 408, '', 'transient', 'HTTP_408'],
    ['EVS.2019: for good although 500', 500, evs('EVS.2019', 'snapshot is error_deleting!'), 'invalid', 'EVS.2019'],
    ['EVS.2010: the token, although 500', 500, evs('EVS.2010'), 'transient', 'EVS.2010'],
    // The rest.
    ['a redirect', 302, '', 'invalid', 'HTTP_302'],
    ['405', 405, cinder('badMethod', 405, 'no'), 'invalid', 'badMethod'],
    ['406 of a microversion', 406, cinder('computeFault', 406, 'Version 3.71 is not supported by the API.'), 'invalid', 'computeFault'],
    ['415', 415, cinder('badMediaType', 415, 'Unsupported Content-Type'), 'invalid', 'badMediaType'],
    ['418', 418, '', 'unknown', 'HTTP_418'],
  ])('%s', (_name, status, body, kind, code) => {
    expect(answer(status, body)).toMatchObject({ kind, code, httpStatus: status });
  });

  it.each<[string, number, unknown, boolean]>([
    ['500 of Cinder', 500, computeFault, true],
    ['502', 502, '', true],
    ['504', 504, gateway('APIGW.0203'), true],
    ['408', 408, '', true],
    ['EVS.2019', 500, evs('EVS.2019'), false],
    ['429', 429, '', false],
    ['400', 400, '', false],
    ['401', 401, keystone, false],
  ])('the outcome of a create after %s is unknown: %s', (_name, status, body, outcomeUnknown) => {
    expect(answer(status, body).outcomeUnknown).toBe(outcomeUnknown);
    expect(answer(status, body, { creates: false, force: null }).outcomeUnknown).toBe(false);
  });

  it('says so where force was not set, within the bound of a message', () => {
    const plain = answer(400, evs('EVS.5400', state('in-use', false)), { force: false });
    expect(plain).toMatchObject({ kind: 'invalid', message: `${state('in-use', false)} (volume in use, force not set)` });
    const long = answer(400, evs('EVS.5400', `${state('in-use', false)} ${'and so on '.repeat(200)}`), { force: false }).message;
    expect(long).toHaveLength(500);
    expect(long).toMatch(/… \(volume in use, force not set\)$/);
    for (const force of [true, null]) expect(answer(400, evs('EVS.5400', state('in-use')), { force }).message).toBe(state('in-use'));
  });

  it('an unexplained 413 to a call that makes nothing stays unknown, with a wait it is a throttle', () => {
    expect(answer(413, '', { creates: false }).kind).toBe('unknown');
    expect(answer(413, '', { retryAfter: '12' })).toMatchObject({ kind: 'throttled', retryAfterMs: 12_000 });
  });
});

describe('waits', () => {
  const rateText = 'policy user over ratelimit,limit:10,time:1 minute';
  it.each<[string, number, unknown, string | undefined, number | null]>([
    ['seconds', 429, '', '7', 7_000],
    ['a date', 429, '', 'Tue, 24 Nov 2026 02:00:30 GMT', 30_000],
    ['a date gone by', 429, '', 'Tue, 24 Nov 2026 01:00:30 GMT', 0],
    ['the limit in the text', 429, gateway('APIGW.0308', rateText), undefined, 60_000],
    ['the header wins over the text', 429, gateway('APIGW.0308', rateText), '3', 3_000],
    ['IAM\'s threshold', 429, gateway('IAM.0012', 'Threshold: 5 times per 60 seconds'), undefined, 60_000],
    ['none', 429, '', undefined, null],
    ['503 with a wait', 503, '', '5', 5_000],
    ['a quota\'s Retry-After: 0 is no invitation', 413, cinder('overLimit', 413, 'Maximum number of snapshots allowed (49) exceeded'), '0', null],
    ['a refusal for good asks for nothing', 400, '', '5', null],
  ])('%s', (_name, status, body, retryAfter, retryAfterMs) => {
    expect(answer(status, body, retryAfter === undefined ? {} : { retryAfter }).retryAfterMs).toBe(retryAfterMs);
  });
});

describe('request ids', () => {
  it.each<[string, string | undefined, unknown, string | null]>([
    ['of the header', 'req-33e79572-0704-4a6d-b19c-34ec04a3497f', '', 'req-33e79572-0704-4a6d-b19c-34ec04a3497f'],
    ['of the body', undefined, gateway('APIGW.0101'), '0f3b5c7d9e1f40d8a2b4c6d8e0f21436'],
    ['the header before the body', 'abc', gateway('APIGW.0101'), 'abc'],
    ['no id at all', 'two words', '', null],
    ['a token in its place', `x${'A1b2'.repeat(15)}`, '', null],
    ['none', undefined, '', null],
  ])('%s', (_name, requestId, body, expected) => {
    expect(answer(400, body, requestId === undefined ? {} : { requestId }).requestId).toBe(expected);
  });
});

describe('calls without an answer', () => {
  it.each<[TransportPhase, boolean]>([
    ['connect', false],
    ['sent', true],
    ['headers', true],
    ['body', true],
  ])('lost at %s: outcome of a create unknown %s', (phase, outcomeUnknown) => {
    const outcome = { type: 'lost', phase, code: 'timeout', detail: 'no answer within 30000 ms' } as const;
    expect(classifyFailure({ outcome, creates: true, force: true, now })).toEqual({
      kind: 'transient',
      httpStatus: null,
      code: 'timeout',
      message: 'no answer within 30000 ms',
      requestId: null,
      retryAfterMs: null,
      outcomeUnknown,
    });
    expect(classifyFailure({ outcome, creates: false, force: null, now }).outcomeUnknown).toBe(false);
  });

  it.each<[string, boolean, string]>([
    ['{"x":', true, 'unknown'],
    ['<html>', true, 'invalid'],
    ['<html>', false, 'invalid'],
  ])('a success that cannot be read (%s, creates %s) is %s', (body, creates, kind) => {
    const outcome = { type: 'unreadable', status: 202, body, requestId: 'r', detail: 'it is not JSON' } as const;
    expect(classifyFailure({ outcome, creates, force: null, now })).toMatchObject({ kind, httpStatus: 202, code: 'malformed', requestId: 'r', outcomeUnknown: creates });
  });
});

describe('texts', () => {
  it('takes the secrets in use and what looks like one out of a message', () => {
    const body = evs('EVS.5400', 'user bot with pw hunter2 was refused, "token": "abc", canonicalRequest: POST\nx-security-token:zzz');
    const { message } = answer(400, body, { redact: (text) => text.replaceAll('hunter2', '[redacted]') });
    expect(message).toBe('user bot with pw [redacted] was refused, "token": [redacted], canonicalRequest [redacted]');
  });

  it('cuts a huge message without cutting a secret in two', () => {
    const { message } = answer(400, evs('EVS.5400', 'word '.repeat(4000)));
    expect(message.length).toBeLessThanOrEqual(500);
    expect(answer(400, evs('EVS.5400', 'x'.repeat(30_000))).message).toBe('the message cannot be shown');
  });

  it('an empty answer still says something', () => {
    expect(answer(502, '').message).toBe('HTTP 502 without a message');
  });
});
