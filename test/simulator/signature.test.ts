import { createHash, createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { canonicalQuery, canonicalRequest, sha256Hex, signatureFor, type SignedRequest } from '../../src/simulator/identity/signature.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { answerOf, at, errorOf, scene, textAt, type Answer } from './cloud-client.ts';

interface Vector {
  readonly request: SignedRequest;
  readonly signed: string;
  readonly secretKey: string;
  readonly bodyHash?: string;
  readonly requestHash?: string;
  readonly signature: string;
}

const evsProject = '/v3/0970dd9c1a0026a62fddc0038c52b5eb/snapshots';
const evsHeaders = {
  'content-type': 'application/json',
  host: 'evs.sa-brazil-1.myhuaweicloud.com',
  'x-project-id': '0970dd9c1a0026a62fddc0038c52b5eb',
  'x-sdk-date': '20260102T030405Z',
};
const evsSecret = 'SKEXAMPLE00000000000000000000000000000A';

/** The first is published in the API signing guide, the next two are tests of Huawei's Go SDK. */
const vectors: [what: string, vector: Vector][] = [
  [
    'signing guide, list of VPCs',
    {
      request: {
        method: 'GET',
        rawPath: '/v1/77b6a44cba5143ab91d13ab9a8ff44fd/vpcs',
        rawQuery: 'limit=2&marker=13551d6b-755d-4757-b956-536f674975c0',
        headers: { 'content-type': 'application/json', host: 'service.region.example.com', 'x-sdk-date': '20191115T033655Z' },
        body: Buffer.alloc(0),
      },
      signed: 'content-type;host;x-sdk-date',
      secretKey: 'MFyfvK41ba2giqM7Uio6PznpdUKGpownRZlmVmHc',
      requestHash: 'b25362e603ee30f4f25e7858e8a7160fd36e803bb2dfe206278659d71a9bcd7a',
      signature: '7be6668032f70418fcc22abc52071e57aff61b84a1d2381bb430d6870f4f6ebe',
    },
  ],
  [
    'Go SDK, GET',
    {
      request: { method: 'GET', rawPath: '/path', rawQuery: 'limit=1', headers: { 'x-sdk-date': '20060102T150405Z' }, body: Buffer.alloc(0) },
      signed: 'x-sdk-date',
      secretKey: 'SecretKey',
      signature: '5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624',
    },
  ],
  [
    'Go SDK, POST with a trailing newline in the body',
    {
      request: {
        method: 'POST',
        rawPath: '/path',
        rawQuery: 'key=value',
        headers: { 'x-sdk-date': '20060102T150405Z' },
        body: Buffer.from('{"Name":"test","Id":1}\n'),
      },
      signed: 'x-sdk-date',
      secretKey: 'SecretKey',
      signature: 'cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59',
    },
  ],
  [
    'EVS, create',
    {
      request: {
        method: 'POST',
        rawPath: evsProject,
        rawQuery: '',
        headers: evsHeaders,
        body: Buffer.from(
          '{"snapshot":{"volume_id":"5aa119a8-d25b-45a7-8d1b-88e127885635","name":"sched-1","force":true,"metadata":{"run":"1"}}}',
        ),
      },
      signed: 'content-type;host;x-project-id;x-sdk-date',
      secretKey: evsSecret,
      bodyHash: '7c928067a313f42f5f87df07485b5edf034961009751066815683dcce8830f07',
      requestHash: '0403207d69f1b7a9d2db779c7da6ffce87ef354a81d46c4ebd01165509e39337',
      signature: '1691312e717a0e7e6c8ca29a788f933ea4d5ce801222b42a28433aabcdcb1679',
    },
  ],
  [
    'EVS, list with a temporary key',
    {
      request: {
        method: 'GET',
        rawPath: `${evsProject}/detail`,
        rawQuery: 'limit=50&name=a%20b&offset=50&status=available',
        headers: { ...evsHeaders, 'x-security-token': 'TESTTOKEN' },
        body: Buffer.alloc(0),
      },
      signed: 'content-type;host;x-project-id;x-sdk-date;x-security-token',
      secretKey: evsSecret,
      signature: '25f1aa9afe67741cbdf133da89eabd987c58ceafac821b5ff13dc66f11c68ff9',
    },
  ],
];

describe('published vectors', () => {
  test.each(vectors)('%s', (_what, vector) => {
    const names = vector.signed.split(';');

    expect(signatureFor(vector.request, names, vector.secretKey)).toBe(vector.signature);
    const requestHash = sha256Hex(Buffer.from(canonicalRequest(vector.request, names)));
    const bodyHash = sha256Hex(vector.request.body);
    expect(requestHash).toBe(vector.requestHash ?? requestHash);
    expect(bodyHash).toBe(vector.bodyHash ?? bodyHash);
  });

  test('query encoding', () => {
    const text = encodeURIComponent('一 (&=?!#%.*)');
    const raw = `limit=1&enable=true&test=${text}&path=/tmp/123&multi=3&multi=1&multi=2`;

    expect(canonicalQuery(raw)).toBe(
      'enable=true&limit=1&multi=1&multi=2&multi=3&path=%2Ftmp%2F123&test=%E4%B8%80%20%28%26%3D%3F%21%23%25.%2A%29',
    );
  });
});

/** Signs by the letter of the guide, apart from the code under test; knows only what these requests need. */
async function signed(sim: Simulator, changes: { date?: string; secret?: string; access?: string; method?: string; body?: string; token?: string; leaveOut?: string } = {}): Promise<Answer> {
  const { host } = new URL(sim.url);
  const path = `/v3/${sim.projectId}/snapshots`;
  const body = changes.body ?? '';
  const method = changes.method ?? 'GET';
  const key = sim.credentials.accessKeys[0];
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    host,
    'x-sdk-date': changes.date ?? '20261124T020000Z',
    ...(changes.token === undefined ? {} : { 'x-security-token': changes.token }),
  };
  const names = Object.keys(headers).filter((name) => name !== changes.leaveOut).toSorted();
  const hash = (text: string) => createHash('sha256').update(text).digest('hex');
  const canonical = `${method}\n${path}/\n\n${names.map((name) => `${name}:${headers[name] ?? ''}\n`).join('')}\n${names.join(';')}\n${hash(body)}`;
  const signature = createHmac('sha256', changes.secret ?? key?.secretKey ?? '')
    .update(`SDK-HMAC-SHA256\n${headers['x-sdk-date'] ?? ''}\n${hash(canonical)}`)
    .digest('hex');
  const authorization = `SDK-HMAC-SHA256 Access=${changes.access ?? key?.accessKey ?? ''}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  const { host: _, ...sent } = headers;
  return answerOf(await fetch(sim.url + path, { method, headers: { ...sent, authorization }, ...(body === '' ? {} : { body }) }));
}

describe('signed requests', () => {
  test('a good one passes, reading and creating', async () => {
    const { sim, volumeId } = await scene();

    const list = await signed(sim);
    const created = await signed(sim, { method: 'POST', body: JSON.stringify({ snapshot: { volume_id: volumeId } }) });

    expect([list.status, created.status]).toEqual([200, 202]);
  });

  test.each([
    ['20261124T014500Z', 200, 'snapshots'],
    ['20261124T021500Z', 200, 'snapshots'],
    ['20261124T014459Z', 401, 'APIGW.0303'],
    ['20261124T021501Z', 401, 'APIGW.0303'],
    ['yesterday', 401, 'APIGW.0303'],
  ])('date %s while it is 02:00:00 answers %i', async (date, status, code) => {
    const { sim } = await scene();

    const answer = await signed(sim, { date });

    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
  });

  test.each([
    ['wrong secret', { secret: 'x' }, /^Incorrect IAM authentication information: verify aksk signature fail, canonicalRequest:GET\|/],
    ['unknown key', { access: 'NOBODY' }, /ak not exist/],
    ['date not signed', { leaveOut: 'x-sdk-date' }, /x-sdk-date is not signed/],
    ['host not signed', { leaveOut: 'host' }, /host is not signed/],
  ])('%s', async (_what, changes, message) => {
    const { sim } = await scene();

    const answer = await signed(sim, changes);

    expect([answer.status, errorOf(answer).code]).toEqual([401, 'APIGW.0301']);
    expect(errorOf(answer).message).toMatch(message);
  });

  test('five bad ones in a row lock the key for five minutes; four do not', async () => {
    const { sim, clock } = await scene();
    const bad = async (count: number) => {
      for (let n = 0; n < count; n += 1) await signed(sim, { secret: 'x' });
    };

    await bad(4);
    const afterFour = await signed(sim);
    await bad(5);
    const locked = await signed(sim);
    clock.forward(5 * 60 * 1000);
    const later = await signed(sim);

    expect([afterFour.status, locked.status, later.status]).toEqual([200, 401, 200]);
    expect(errorOf(locked).message).toContain('is locked');
  });

  test('a malformed authorization', async () => {
    const { sim } = await scene();

    const answer = await answerOf(await fetch(`${sim.url}/v3/${sim.projectId}/snapshots`, { headers: { authorization: 'SDK-HMAC-SHA256 Access=x' } }));

    expect([answer.status, errorOf(answer).code]).toEqual([401, 'APIGW.0301']);
  });

  test('a key with a security token wants it sent', async () => {
    const { sim } = await scene({ accessKeys: [{ accessKey: 'A', secretKey: 'S', securityToken: 'T' }] });

    expect([(await signed(sim, { token: 'T' })).status, (await signed(sim)).status, (await signed(sim, { token: 'X' })).status]).toEqual([200, 401, 401]);
  });

  test('Cinder knows no signatures', async () => {
    const { sim } = await scene({ flavour: 'cinder' });

    expect((await signed(sim)).status).toBe(401);
  });
});

describe('temporary keys', () => {
  async function ask(sim: Simulator, token: string, identity: unknown): Promise<Answer> {
    return answerOf(
      await fetch(`${sim.url}/v3.0/OS-CREDENTIAL/securitytokens`, {
        method: 'POST',
        headers: { 'X-Auth-Token': token, 'Content-Type': 'application/json' },
        body: JSON.stringify({ auth: { identity } }),
      }),
    );
  }

  test('live for 900 seconds unless asked otherwise, and sign together with their token', async () => {
    const { sim, client, clock } = await scene();

    const answer = await ask(sim, client.token, { methods: ['token'] });
    const access = textAt(answer.json, 'credential', 'access');
    const secret = textAt(answer.json, 'credential', 'secret');
    const token = textAt(answer.json, 'credential', 'securitytoken');
    const good = await signed(sim, { access, secret, token });
    clock.forward(900_000);
    const late = await signed(sim, { access, secret, token, date: '20261124T021500Z' });

    expect([answer.status, textAt(answer.json, 'credential', 'expires_at')]).toEqual([201, '2026-11-24T02:15:00.000000Z']);
    expect([good.status, late.status, errorOf(late).message]).toEqual([200, 401, expect.stringContaining('security token expires')]);
  });

  test.each([
    [{ methods: ['token'], token: { duration_seconds: 86_400 } }, 201],
    [{ methods: ['token'], token: { duration_seconds: 899 } }, 400],
    [{ methods: ['token'], token: { duration_seconds: 86_401 } }, 400],
    [{ methods: ['assume_role'], assume_role: { agency_name: 'a', domain_name: 'acme', duration_seconds: 900 } }, 201],
    [{ methods: ['assume_role'], assume_role: { agency_name: 'b', domain_name: 'acme' } }, 404],
    [{ methods: ['x'] }, 400],
  ])('%j answers %i', async (identity, status) => {
    const { sim, client } = await scene({ agencies: [{ domain: 'acme', name: 'a' }] });

    const answer = await ask(sim, client.token, identity);

    expect([answer.status, at(answer.json, 'credential') !== undefined]).toEqual([status, status === 201]);
  });

  test('want a token', async () => {
    const { sim } = await scene();

    expect((await ask(sim, 'nope', { methods: ['token'] })).status).toBe(401);
  });
});
