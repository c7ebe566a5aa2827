import { createHmac } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CurrentPolicies } from '#app/current-policies';
import { deliverNotice } from '#app/notify/deliver-notice';
import type { Delivery } from '#app/notify/deliver-notice';
import type { NoticeJob } from '#app/ports/notice-queue';
import type { NotificationTarget } from '#domain/policy';
import { HOUR, durationMs } from '#domain/time';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { createCourier } from '../../src/adapters/http-client/courier.ts';
import { createSecretSource } from '../../src/adapters/iam/secret-source.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import type { Stub, StubAnswer } from '../adapters/http-client/stub-server.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { policyOf } from '../fakes/world.ts';
import { freePort } from '../support/free-port.ts';
import { tempDir } from '../support/temp-dir.ts';
import { receiver } from './notification-stage.ts';

const job: NoticeJob = {
  id: 'n1',
  to: { kind: 'receiver', name: 'ops' },
  about: 'run.failed',
  policy: 'nightly',
  message: { contentType: 'application/cloudevents+json', body: '{"text":"ü"}' },
  attempts: 36,
};
let hook: Stub;
let telemetry: RecordingTelemetry;
beforeEach(async () => {
  hook = await startStub();
  telemetry = new RecordingTelemetry();
});
afterEach(async () => {
  await hook.close();
});

/** One source for the whole test, as a process has it. */
const secretFiles = createSecretSource({ env: {} });

async function deliver(options: { url?: string; env?: Readonly<Record<string, string>>; attempt?: number; job?: NoticeJob; random?: number; signal?: AbortSignal; notifications?: readonly NotificationTarget[] } = {}): Promise<Delivery> {
  const courier = createCourier({ version: '1.2.3', timeout: durationMs(300) });
  const policies = new CurrentPolicies({
    instance: 'prod',
    targets: [],
    policies: [policyOf('nightly', { heartbeat: { url: { env: 'BEAT_URL' } } }), policyOf('other')],
    notifications: options.notifications ?? [receiver({ secret: { env: 'SECRET' } }), receiver({ name: 'unsigned' })],
    revision: 's1',
  });
  const env = { NOTIFY_URL: options.url ?? `${hook.url}/hook`, SECRET: 's3cret', ...options.env };
  const deps = { policies, secrets: options.notifications === undefined ? createSecretSource({ env }) : secretFiles, courier, clock: systemClock, telemetry, random: () => options.random ?? 0 };
  try {
    return await deliverNotice(deps, options.job ?? job, options.attempt ?? 1, options.signal ?? new AbortController().signal);
  } finally {
    await courier.close();
  }
}

test('a message goes out with its type and a signature that the receiver can check', async () => {
  hook.on('POST', '/hook', { status: 202 });

  expect(await deliver()).toEqual({ kind: 'done' });

  const [request] = hook.requests;
  const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['x-snapkeep-signature'])) ?? [];
  expect(createHmac('sha256', 's3cret').update(`${seconds}.${request?.body ?? ''}`).digest('hex')).toBe(mac);
  expect(Math.abs(Date.now() / 1000 - Number(seconds))).toBeLessThan(10);
  expect(request).toMatchObject({ body: '{"text":"ü"}', headers: { 'content-type': 'application/cloudevents+json', 'user-agent': 'snapkeep/1.2.3' } });
  expect(telemetry.of('notification.sent')).toMatchObject([{ receiver: 'ops', about: 'run.failed', policy: 'nightly', host: new URL(hook.url).host, httpStatus: 202, attempt: 1 }]);
});

test('without a secret there is no signature', async () => {
  hook.on('POST', '/hook', { status: 200 });

  await deliver({ job: { ...job, to: { kind: 'receiver', name: 'unsigned' } } });

  expect(hook.requests[0]?.headers['x-snapkeep-signature']).toBeUndefined();
});

test('address and signing secret are read from their files anew each time', async () => {
  await using dir = await tempDir('notice');
  const [url, secret] = [path.join(dir.path, 'url'), path.join(dir.path, 'secret')];
  const files = receiver({ url: { file: url }, secret: { file: secret } });
  for (const [place, key] of [['/first', 'one'], ['/later', 'two']] as const) {
    hook.on('POST', place, { status: 200 });
    await writeFile(url, `${hook.url}${place}\n`);
    await writeFile(secret, key);
    expect(await deliver({ notifications: [files] })).toEqual({ kind: 'done' });
    const request = hook.requests.at(-1);
    const [, seconds = '', mac] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request?.headers['x-snapkeep-signature'])) ?? [];
    expect([request?.path, mac]).toEqual([place, createHmac('sha256', key).update(`${seconds}.${request?.body ?? ''}`).digest('hex')]);
  }
});

test('a user and password in the URL go out as Basic authentication', async () => {
  hook.on('POST', '/hook', { status: 200 });

  await deliver({ url: `${hook.url.replace('//', '//me:p%40ss@')}/hook?a=b` });

  expect(hook.requests).toMatchObject([{ url: '/hook?a=b', headers: { authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` } }]);
});

test.each<[string, StubAnswer, Partial<Delivery>]>([
  ['400', { status: 400, body: 'no' }, { kind: 'never', reason: 'answered 400' }],
  ['404', { status: 404 }, { kind: 'never' }],
  ['410', { status: 410, headers: { 'retry-after': '5' } }, { kind: 'never' }],
  ['302', { status: 302, headers: { location: '/elsewhere' } }, { kind: 'never', reason: 'answered 302; redirects are not followed' }],
  ['408', { status: 408 }, { kind: 'again', delayMs: durationMs(5_000) }],
  ['425', { status: 425 }, { kind: 'again' }],
  ['429', { status: 429, headers: { 'retry-after': '90' } }, { kind: 'again', delayMs: durationMs(90_000) }],
  ['500', { status: 500 }, { kind: 'again', delayMs: durationMs(5_000), reason: 'answered 500' }],
  ['503 with a short Retry-After', { status: 503, headers: { 'retry-after': '1' } }, { kind: 'again', delayMs: durationMs(5_000) }],
  ['no answer', 'hang', { kind: 'again', reason: 'timeout: no answer within 300 ms' }],
  ['a connection that is cut', 'destroy', { kind: 'again' }],
  ['an endless answer', { status: 200, body: 'x'.repeat(300_000) }, { kind: 'never', reason: 'too_large: the answer is over 262144 bytes' }],
])('%s', async (_name, answer, expected) => {
  hook.on('POST', '/hook', answer);

  expect(await deliver()).toMatchObject(expected);

  expect(hook.requests).toHaveLength(1);
  expect(telemetry.names()).toEqual([expected.kind === 'never' ? 'notification.failed' : 'notification.retry']);
});

test('delays double up to an hour, and the last try is the last', async () => {
  hook.on('POST', '/hook', { status: 500 });

  expect(await deliver({ attempt: 4, random: 0.5 })).toMatchObject({ delayMs: 60_000 });
  expect(await deliver({ attempt: 35 })).toMatchObject({ delayMs: HOUR / 2 });
  expect(await deliver({ attempt: 36 })).toEqual({ kind: 'never', reason: 'answered 500' });
  expect(telemetry.of('notification.failed')).toMatchObject([{ attempt: 36, httpStatus: 500, errorMessage: 'answered 500' }]);
  const tries = Array.from({ length: 35 }, (_, n) => Math.min(HOUR, 10_000 * 2 ** n)).reduce((sum, ms) => sum + ms, 0);
  expect(tries / HOUR).toBeCloseTo(27.4, 1);
});

test('a heartbeat is a GET without a body, to the policy as it is now', async () => {
  hook.on('GET', '/beat', { status: 200 });
  const beat: NoticeJob = { ...job, to: { kind: 'heartbeat', policy: 'nightly' }, about: 'heartbeat', message: null };

  expect(await deliver({ job: beat, env: { BEAT_URL: `${hook.url}/beat` } })).toEqual({ kind: 'done' });
  expect(await deliver({ job: { ...beat, to: { kind: 'heartbeat', policy: 'other' } } })).toMatchObject({ kind: 'never' });
  expect(await deliver({ job: { ...beat, to: { kind: 'heartbeat', policy: 'gone' } } })).toMatchObject({ kind: 'never' });
  expect(hook.requests).toMatchObject([{ method: 'GET', body: '' }]);
});

test('a receiver that the files no longer name is not called', async () => {
  expect(await deliver({ job: { ...job, to: { kind: 'receiver', name: 'gone' } } })).toMatchObject({ kind: 'never' });
  expect(telemetry.of('notification.failed')).toMatchObject([{ receiver: 'gone', host: null }]);
});

test('the end of the process is no failure of the receiver', async () => {
  const stop = new AbortController();
  hook.on('POST', '/hook', () => {
    stop.abort(new Error('stopping'));
    return 'hang';
  });

  await expect(deliver({ signal: stop.signal })).rejects.toThrow('stopping');
  expect(telemetry.events).toEqual([]);
});

describe('what is secret', () => {
  const canaries = ['canary-user', 'canary-pass', 'canary-path', 'canary-query', 'canary-secret'];
  const secretUrl = (origin: string): string => `${origin.replace('//', '//canary-user:canary-pass@')}/canary-path?token=canary-query`;

  test('shows in nothing that is told, whatever goes wrong', async () => {
    const answers: readonly StubAnswer[] = [{ status: 200 }, { status: 400, body: secretUrl('http://x') }, { status: 500 }, { status: 307, headers: { location: secretUrl('http://x') } }, 'hang', 'destroy'];
    hook.on('POST', '/canary-path', ...answers);
    const deliveries: unknown[] = [];
    for (const _ of answers) deliveries.push(await deliver({ url: secretUrl(hook.url), env: { SECRET: 'canary-secret' } }));
    const elsewhere = [
      secretUrl(hook.url.replace('http:', 'https:')),
      secretUrl(`http://127.0.0.1:${await freePort()}`),
      secretUrl('http://receiver.invalid'),
      secretUrl('ftp://receiver.invalid'),
      'canary-path/canary-query',
      secretUrl(hook.url).replace('canary-user', '%zzcanary-user'),
      '',
    ];
    for (const url of elsewhere) deliveries.push(await deliver({ url, env: { SECRET: 'canary-secret' } }));

    expect(hook.requests.length).toBe(answers.length);
    expect(telemetry.events).toHaveLength(answers.length + elsewhere.length);
    const text = JSON.stringify([telemetry.events, deliveries]);
    expect(canaries.filter((canary) => text.includes(canary))).toEqual([]);
    expect(text).toContain('NOTIFY_URL is not set');
  });
});
