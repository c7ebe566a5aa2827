import { afterEach, beforeEach, expect, it } from 'vitest';
import type { CallLimiter, CallOutcome } from '#app/ports/call-limiter';
import { unlimited } from '#app/ports/call-limiter';
import { CloudFailure } from '#domain/failure/failure';
import { startStub, type Stub } from '../http-client/stub-server.ts';
import { createFixture, failureOf, LOGIN_PATH, loginReply, PROJECT, type Fixture } from './cloud-fixture.ts';

const SHOW = `/v3/${PROJECT}/snapshots/a`;
const shown = { status: 200, body: { snapshot: { id: 'a', volume_id: 'v' } } };

let stub: Stub;
let fixture: Fixture | null = null;
let asked: string[];
let told: Omit<CallOutcome, 'durationMs'>[];
beforeEach(async () => {
  stub = await startStub();
  stub.on('POST', LOGIN_PATH, loginReply('one'), loginReply('two'));
  asked = [];
  told = [];
});
afterEach(async () => {
  await fixture?.cloud.close();
  await stub.close();
});

function limited(acquire: CallLimiter['acquire'] = async (...call) => unlimited.acquire(...call)): Fixture {
  return createFixture(stub.url, {
    limiter: {
      async acquire(operation, priority, signal) {
        asked.push(`${operation} ${priority}`);
        return acquire(operation, priority, signal);
      },
      report: ({ durationMs: _durationMs, ...outcome }) => told.push(outcome),
    },
  });
}

it('asks before each call, with what it is for, and tells how it went', async () => {
  stub.on('GET', SHOW, shown);
  stub.on('DELETE', SHOW, { status: 429, body: { error_code: 'APIGW.0308', error_msg: 'policy api over ratelimit,limit:10,time:1 minute' } });
  fixture = limited();
  await fixture.cloud.showSnapshot('a');
  await fixture.cloud.showSnapshot('a', { priority: 'create' });
  await failureOf(fixture.cloud.deleteSnapshot('a'));
  expect(asked).toEqual(['show_snapshot watch', 'show_snapshot create', 'delete_snapshot prune']);
  expect(told).toEqual([
    { operation: 'show_snapshot', result: 'ok', retryAfterMs: null, rate: null },
    { operation: 'show_snapshot', result: 'ok', retryAfterMs: null, rate: null },
    { operation: 'delete_snapshot', result: 'throttled', retryAfterMs: 60_000, rate: { limit: 10, window: 60_000 } },
  ]);
});

it('asks again for the repetition after a 401', async () => {
  stub.on('GET', SHOW, { status: 401 }, shown);
  fixture = limited();
  await fixture.cloud.showSnapshot('a');
  expect(asked).toHaveLength(2);
  expect(told.map(({ result }) => result)).toEqual(['auth', 'ok']);
});

it('tells of a login that failed, and of a call that was given up', async () => {
  stub.on('POST', LOGIN_PATH, { status: 503 }, loginReply());
  stub.on('GET', SHOW, 'hang');
  fixture = limited();
  expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'transient', httpStatus: 503 });
  fixture.clock.advance(10_000);
  const stop = new AbortController();
  const call = fixture.cloud.showSnapshot('a', { signal: stop.signal });
  await expect.poll(() => stub.count('GET', SHOW)).toBe(1);
  stop.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
  expect(told.map(({ result }) => result)).toEqual(['transient', 'aborted']);
});

it('a limiter that fails is a failure of ours: nothing was sent', async () => {
  fixture = limited(async () => {
    throw new Error('Redis is away');
  });
  expect(await failureOf(fixture.cloud.createSnapshot({ volumeId: 'v', name: 'n', description: null, force: true, metadata: {} }))).toEqual({
    kind: 'transient',
    httpStatus: null,
    code: 'limiter',
    message: 'the rate limit shared with other replicas cannot be asked: Redis is away',
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: false,
  });
  expect(stub.requests).toEqual([]);
  expect(told).toEqual([]);
});

it('a limiter may answer with a failure of its own, or end with the signal', async () => {
  const own = new CloudFailure({ kind: 'throttled', httpStatus: null, code: 'limiter', message: 'x', requestId: null, retryAfterMs: 5, outcomeUnknown: false });
  fixture = limited(async (_operation, _priority, signal) => {
    if (signal === undefined) throw own;
    throw new Error('woken');
  });
  await expect(fixture.cloud.showSnapshot('a')).rejects.toBe(own);
  const reason = new Error('draining');
  await expect(fixture.cloud.showSnapshot('a', { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  await expect(unlimited.acquire('show_snapshot', 'watch', AbortSignal.abort(reason))).rejects.toBe(reason);
});
