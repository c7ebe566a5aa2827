import { afterEach, beforeEach, expect, it } from 'vitest';
import { readQuotas, readSnapshot, readSnapshotPage, readVolume, readVolumePage } from '#adapters/evs/map-answers';
import type { HttpResponse } from '#adapters/http-client/http-exchange';
import { performCall, type CallContext } from '#adapters/http-client/perform-call';
import { createRedactor } from '#adapters/http-client/redactor';
import { TransportError } from '#adapters/http-client/transport-error';
import { TRANSPORT_CODES } from '#domain/failure/call-facts';
import { knownCodes } from '#domain/failure/code-table';
import { CloudFailure, FAILURE_KINDS } from '#domain/failure/failure';
import { instant } from '#domain/time';

/*
 * 100,000 answers through the whole way from bytes to value or failure, with a generator of our own: fast-check, which
 * `classify-failure.fuzz.test.ts` uses, takes ten times as long to make one up.
 */

const CASES = 100_000;
const SEED = 20_261_124;
const SECRETS = ['canary-passw0rd/7f3+x', `gAAAAcanary${'A1b2-_'.repeat(12)}`, 'CANARYAK0000000000AB', 'canarySK000000000000000000000000000000CD'] as const;
/** What must not be said in any spelling, nor the better half of it. */
const needles = SECRETS.flatMap((secret) => [secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64'), secret.slice(0, Math.ceil(secret.length * 0.7))]);
const MAX_MESSAGE = 500;
/** None takes 50 ms on an idle machine; a pattern that goes back and forth over 30,000 characters would take minutes. */
const SLOW_MS = 3_000;

type Random = () => number;

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function pick<T>(random: Random, from: readonly T[]): T {
  return from[Math.floor(random() * from.length)] as T;
}

const codes = [...knownCodes(), 'EVS.5400', 'EVS.5404', 'EVS.99999999999', '404', 'badRequest', 'a b', ...SECRETS];
const phrases = [
  'Invalid volume: Volume', 'status must be available', 'but current status is: in-use.', 'current status is: creating', 'is in error status', 'another snapshot is being created',
  'rate-limited', 'exceeds allowed gigabytes quota', 'limit:10,time:1 minute', 'Threshold: 5 times per 60 seconds', 'canonicalRequest: POST', '<b>', '</script>', '"', '\\', '\n', '\u0000', '\u2028', '\ud83d', '漢',
  'x-auth-token:', '"password":', 'token=', 'Bearer', 'Authorization: SDK-HMAC-SHA256 Access=', ...SECRETS, ...SECRETS.map(encodeURIComponent), ...SECRETS.map((secret) => Buffer.from(secret).toString('base64')),
];
const wrappers = ['error', 'badRequest', 'itemNotFound', 'overLimit', 'overLimitFault', 'conflictingRequest', 'computeFault', 'unauthorized', 'nonsense', '__proto__'];
const fields = ['id', 'volume_id', 'name', 'status', 'size', 'metadata', 'tags', 'created_at', 'count', 'limit', 'in_use', 'reserved', 'key', 'value', 'rel', 'constructor', '__proto__'];
/** What patterns that go back and forth take long over. */
const traps = ['a-', 'token', '"token":"', 'x-auth-', '<script>', '<', ' ', '\\u0000', '{"a":', '[', 'must be ', 'exceed quota ', 'snapshot is ', '/a', '%', 'secret_', 'current status is ', 'gAAAA', '-', '='];

function message(random: Random): string {
  return Array.from({ length: Math.floor(random() * 5) }, () => pick(random, phrases)).join(pick(random, [' ', ' ', '', ', ']));
}

function scalar(random: Random): unknown {
  return pick<() => unknown>(random, [() => null, () => true, () => '', () => -1, () => 1e21, () => random() * 1e6, () => message(random), () => pick(random, SECRETS), () => '2026-11-24T02:00:00.081642', () => '33e79572-0704-4a6d-b19c-34ec04a3497f'])();
}

function json(random: Random, depth: number): unknown {
  const kind = random();
  if (depth === 0 || kind < 0.4) return scalar(random);
  if (kind < 0.6) return Array.from({ length: Math.floor(random() * 3) }, () => json(random, depth - 1));
  return Object.fromEntries(Array.from({ length: Math.floor(random() * 5) }, () => [pick(random, fields), json(random, depth - 1)]));
}

function item(random: Random): Record<string, unknown> {
  const whole: Record<string, unknown> = { id: 'a', volume_id: 'b', name: 'n', status: 'creating', size: 1, metadata: { k: 'v' }, tags: {}, created_at: '2026-11-24T02:00:00.081642' };
  if (random() < 0.5) whole[pick(random, fields)] = json(random, 2);
  if (random() < 0.2) delete whole[pick(random, fields)];
  return whole;
}

function errorBody(random: Random): unknown {
  const [code, text] = [random() < 0.8 ? pick(random, codes) : scalar(random), random() < 0.9 ? message(random) : json(random, 2)];
  return pick<() => unknown>(random, [
    () => ({ error: { code, message: text } }),
    () => ({ [pick(random, wrappers)]: { code, message: text, details: message(random), retryAfter: '0' } }),
    () => ({ error_code: code, error_msg: text, request_id: scalar(random) }),
    () => ({ errCode: code, errMsg: text }),
    () => ({ code, message: text, error: json(random, 2) }),
    () => ({ error: text, error_description: message(random) }),
  ])();
}

function body(random: Random): string {
  const whole = pick<() => string>(random, [
    () => JSON.stringify(errorBody(random)),
    () => JSON.stringify(errorBody(random)),
    () => JSON.stringify({ snapshot: item(random) }),
    () => JSON.stringify({ volume: item(random) }),
    () => JSON.stringify({ snapshots: [item(random), item(random)], snapshots_links: json(random, 2), count: scalar(random) }),
    () => JSON.stringify({ volumes: [item(random)], volumes_links: [{ rel: 'next', href: message(random) }] }),
    () => JSON.stringify({ quota_set: { snapshots: { limit: scalar(random), in_use: scalar(random), reserved: scalar(random) } } }),
    () => JSON.stringify(json(random, 3)) ?? '',
    () => `<html><head><title>${message(random)}</title></head><body>${message(random)}`,
    () => message(random),
    () => '',
  ])();
  const kind = random();
  if (kind < 0.1) return whole.slice(0, Math.floor(random() * whole.length));
  if (kind < 0.13) return whole + whole;
  if (kind < 0.131) return pick(random, traps).repeat(Math.floor(random() * 30_000)) + whole;
  if (kind < 0.132) return JSON.stringify({ error: { code: 'EVS.5400', message: `${pick(random, traps).repeat(Math.floor(random() * 30_000))} ${message(random)}` } });
  return whole;
}

function answer(random: Random): HttpResponse {
  const headers: Record<string, string> = {};
  if (random() < 0.5) headers['x-request-id'] = pick(random, ['0f3b5c7d9e1f40d8a2b4c6d8e0f21436', 'two words', '', message(random), ...SECRETS]);
  if (random() < 0.3) headers['retry-after'] = pick(random, ['0', '7', '-1', '99999999999', 'Tue, 24 Nov 2026 02:00:30 GMT', 'Tue, 99 Nov 2026 02:00:30 GMT', 'soon', '', message(random)]);
  if (random() < 0.02) return { status: 404, headers, body: JSON.stringify({ itemNotFound: { code: 404, message: message(random) } }) };
  return { status: random() < 0.7 ? pick(random, [200, 202, 204, 301, 400, 401, 403, 404, 408, 409, 413, 429, 494, 500, 502, 503, 504]) : 100 + Math.floor(random() * 900), headers, body: body(random) };
}

/** No answer: as a fact of ours, or as whatever else a library may throw. */
function lost(random: Random): unknown {
  const secret = pick(random, SECRETS);
  return pick<() => unknown>(random, [
    () => new TransportError(pick(random, ['connect', 'sent', 'headers', 'body']), pick(random, TRANSPORT_CODES), `while sending ${message(random)}`),
    () => Object.assign(new Error(secret), { code: pick(random, ['ECONNRESET', 'UND_ERR_SOCKET', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', secret, '']) }),
    () => new AggregateError([new Error(secret)], secret),
    () => new TypeError(secret, { cause: { code: secret } }),
    () => secret,
    () => null,
  ])();
}

const readers = [readSnapshot, readSnapshotPage, readVolume, readVolumePage, readQuotas, () => undefined] as const;

function complaint(error: unknown): string | null {
  if (!(error instanceof CloudFailure)) return 'neither a value nor a CloudFailure';
  const { failure } = error;
  if (!FAILURE_KINDS.includes(failure.kind)) return `no kind: ${failure.kind}`;
  if (!/^[A-Za-z][A-Za-z0-9_.]{1,30}$/.test(failure.code)) return `no code: ${failure.code}`;
  if (failure.message === '' || failure.message.length > MAX_MESSAGE || failure.message.split('').some((char) => char < ' ')) return `no message: ${failure.message}`;
  if (failure.retryAfterMs !== null && !(failure.retryAfterMs >= 0)) return `no wait: ${failure.retryAfterMs}`;
  return saysSecret(`${JSON.stringify(failure)} ${String(error.stack)}`);
}

function saysSecret(said: string): string | null {
  return needles.some((needle) => said.includes(needle)) ? `says a secret: ${said}` : null;
}

// Most of the time would go into telling where 70,000 failures come from.
const { stackTraceLimit } = Error;
beforeEach(() => {
  Error.stackTraceLimit = 0;
});
afterEach(() => {
  Error.stackTraceLimit = stackTraceLimit;
});

it('100,000 random answers: each ends with a value or a typed failure, soon, and no text holds a secret', async () => {
  const random = randomFrom(SEED);
  const redactor = createRedactor();
  for (const secret of SECRETS) redactor.add(secret);
  const clock = { now: () => instant(Date.UTC(2026, 10, 24, 2)), sleepUntil: async () => undefined };
  const told: string[] = [];
  const observer = { onCall: (call: object) => told.push(JSON.stringify(call)), onDump: (dump: object) => told.push(JSON.stringify(dump)) };
  const kinds = new Map<string, number>();

  for (let n = 0; n < CASES; n += 1) {
    const isLost = random() < 0.05;
    const next = isLost ? lost(random) : answer(random);
    const http: CallContext['http'] = {
      request: async () => {
        if (isLost) throw next;
        return next as HttpResponse;
      },
      close: async () => undefined,
    };
    // A dump of each body would take most of the time.
    const context: CallContext = { http, clock, redactor, observer: n % 20 === 0 ? observer : { onCall: observer.onCall } };
    const [creates, force] = [random() < 0.5, pick(random, [undefined, true, false])];
    const request = { operation: 'fuzz', method: 'POST' as const, url: 'http://cloud/v3', headers: { 'x-auth-token': SECRETS[1] }, body: '{}', creates, ...(force === undefined ? {} : { force }) };
    const startedAt = performance.now();
    const result = await performCall<unknown>(context, request, pick(random, readers)).then(() => 'value', (error: unknown) => error);
    const tookMs = performance.now() - startedAt;
    const problem = (result === 'value' ? null : complaint(result)) ?? saysSecret(told.splice(0).join('\n')) ?? (tookMs > SLOW_MS ? `took ${tookMs} ms` : null);
    if (problem !== null) throw new Error(`seed ${SEED}, case ${n}: ${problem}\n${JSON.stringify(next).slice(0, 2_000)}`, { cause: result });
    const kind = result instanceof CloudFailure ? result.failure.kind : 'value';
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }

  // The generator is worth its time only if it reaches everything.
  for (const kind of ['value', ...FAILURE_KINDS]) expect(kinds.get(kind) ?? 0, kind).toBeGreaterThan(100);
}, 60_000);
