import { writeFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signRequest } from '#adapters/iam/signer';
import type { TargetAuth } from '#domain/target';
import { createFixture, failureOf, LOGIN_PATH, loginReply, manualClock, NOW, passwordAuth, PROJECT, type Fixture } from '../evs/cloud-fixture.ts';
import { startStub, type Stub, type StubRequest } from '../http-client/stub-server.ts';

const SHOW = `/v3/${PROJECT}/snapshots/a`;
const shown = { status: 200, body: { snapshot: { id: 'a', volume_id: 'v', status: 'available', size: 1, metadata: {} } } };
const unauthorized = { status: 401, body: { error: { code: 401, title: 'Unauthorized', message: 'The request you have made requires authentication.' } } };

let stub: Stub;
let fixture: Fixture | null = null;
beforeEach(async () => {
  stub = await startStub();
});
afterEach(async () => {
  await fixture?.cloud.close();
  fixture = null;
  await stub.close();
});

describe('password', () => {
  it.each<[string, Partial<TargetAuth>, 'evs-v3' | 'cinder-v3', object, object]>([
    ['EVS by project id', {}, 'evs-v3', { name: 'acme' }, { project: { id: PROJECT } }],
    ['EVS by project name', { projectName: 'sa-brazil-1' }, 'evs-v3', { name: 'acme' }, { project: { name: 'sa-brazil-1' } }],
    ['Keystone by project name', { projectName: 'p' }, 'cinder-v3', { name: 'acme' }, { project: { name: 'p', domain: { name: 'acme' } } }],
    ['Keystone, no domain', { projectName: 'p', domain: null }, 'cinder-v3', { id: 'default' }, { project: { name: 'p', domain: { id: 'default' } } }],
    ['Keystone, domains apart', { projectName: 'p', userDomain: 'users', projectDomain: 'projects' }, 'cinder-v3', { name: 'users' }, { project: { name: 'p', domain: { name: 'projects' } } }],
    ['EVS with a project domain', { projectName: 'p', projectDomain: 'other' }, 'evs-v3', { name: 'acme' }, { project: { name: 'p', domain: { name: 'other' } } }],
  ])('%s', async (_name, change, api, domain, scope) => {
    stub.on('POST', LOGIN_PATH, loginReply());
    fixture = createFixture(stub.url, { target: { api, auth: { ...passwordAuth(stub.url), ...change } as TargetAuth } });
    await fixture.cloud.authenticate();
    expect(JSON.parse(stub.requests[0]?.body ?? '')).toMatchObject({ auth: { identity: { password: { user: { domain } } } } });
    expect(JSON.parse(stub.requests[0]?.body ?? '')).toHaveProperty('auth.scope', scope);
  });

  it.each(['', '/', '/v3', '/v3/'])('finds the login under the endpoint %j', async (end) => {
    stub.on('POST', LOGIN_PATH, loginReply());
    fixture = createFixture(stub.url, { target: { auth: { ...passwordAuth(stub.url), identityEndpoint: `${stub.url}${end}` } as TargetAuth } });
    await fixture.cloud.authenticate();
    expect(stub.requests).toHaveLength(1);
  });

  it('takes an agency\'s role after logging in', async () => {
    stub.on('POST', LOGIN_PATH, loginReply('own'), loginReply('agency-token'));
    stub.on('GET', SHOW, shown);
    fixture = createFixture(stub.url, { target: { auth: { ...passwordAuth(stub.url), agency: { domain: 'customer', name: 'backup' } } as TargetAuth } });
    await fixture.cloud.showSnapshot('a');
    const [first, second, show] = stub.requests;
    expect(JSON.parse(first?.body ?? '')).toHaveProperty('auth.scope', { domain: { name: 'acme' } });
    expect(second?.headers['x-auth-token']).toBe('own');
    expect(JSON.parse(second?.body ?? '')).toEqual({
      auth: {
        identity: { methods: ['assume_role'], assume_role: { domain_name: 'customer', agency_name: 'backup' } },
        scope: { project: { id: PROJECT } },
      },
    });
    expect(show?.headers['x-auth-token']).toBe('agency-token');
  });

  it('counts the life of a token from its own times, not from a clock that is off', async () => {
    stub.on('POST', LOGIN_PATH, loginReply('t', 3_600_000, NOW));
    fixture = createFixture(stub.url, { clock: manualClock((NOW + 7_200_000) as typeof NOW) });
    expect(await fixture.cloud.authenticate()).toEqual({ expiresInMs: 3_600_000 });
  });

  it('takes a token of 12 KB', async () => {
    const token = 'MIIE'.repeat(3_000);
    stub.on('POST', LOGIN_PATH, loginReply(token));
    stub.on('GET', SHOW, (request) => (request.headers['x-auth-token'] === token ? shown : unauthorized));
    // The stub's own server takes 16 KiB of headers.
    fixture = createFixture(stub.url);
    expect((await fixture.cloud.showSnapshot('a')).id).toBe('a');
  });

  it.each([
    ['no token header', { ...loginReply(), headers: {} }],
    ['no expiry', { ...loginReply(), body: { token: {} } }],
    ['an expiry that is none', { ...loginReply(), body: { token: { expires_at: 'soon' } } }],
    ['a page', { status: 200, body: '<html>Sign in' }],
  ])('a login with %s cannot be read', async (_name, reply) => {
    stub.on('POST', LOGIN_PATH, reply);
    fixture = createFixture(stub.url);
    expect(await failureOf(fixture.cloud.authenticate())).toMatchObject({ code: 'malformed', outcomeUnknown: false });
  });

  it('without issued_at goes by our clock', async () => {
    stub.on('POST', LOGIN_PATH, { ...loginReply(), body: { token: { expires_at: '2026-11-24T03:00:00Z' } } });
    fixture = createFixture(stub.url);
    expect(await fixture.cloud.authenticate()).toEqual({ expiresInMs: 3_600_000 });
  });

  it('never tries a wrong password twice', async () => {
    stub.on('POST', LOGIN_PATH, { status: 401, body: { error_code: 'IAM.0062', error_msg: 'Incorrect username or password' } });
    fixture = createFixture(stub.url);
    const { cloud } = fixture;
    const failures = await Promise.all(Array.from({ length: 20 }, async () => failureOf(cloud.showSnapshot('a'))));
    expect(await failureOf(cloud.authenticate())).toEqual(failures[0]);
    expect(failures[0]).toMatchObject({ kind: 'auth', code: 'IAM.0062', httpStatus: 401 });
    expect(stub.count('POST', LOGIN_PATH)).toBe(1);
    fixture.env['PASSWORD'] = 'another one';
    stub.on('POST', LOGIN_PATH, loginReply());
    stub.on('GET', SHOW, shown);
    await cloud.showSnapshot('a');
  });

  it('a token that ends mid-way is renewed once for all, each call repeated once', async () => {
    stub.on('POST', LOGIN_PATH, loginReply('first', 60_000), loginReply('second', 60_000));
    stub.on('GET', SHOW, (request) => (request.headers['x-auth-token'] === 'second' || phase === 'before' ? shown : unauthorized));
    let phase = 'before';
    fixture = createFixture(stub.url);
    const { cloud } = fixture;
    await cloud.showSnapshot('a');
    phase = 'after';
    await Promise.all(Array.from({ length: 50 }, async () => cloud.showSnapshot('a')));
    expect(stub.count('POST', LOGIN_PATH)).toBe(2);
  });

  it.each([
    ['Cinder', unauthorized],
    ['the gateway', { status: 401, body: { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information: token expires' } }],
    ['EVS with 400', { status: 400, body: { error: { code: 'EVS.0002', message: 'invalid token!' } } }],
    ['Common.0013', { status: 400, body: { error_code: 'Common.0013', error_msg: 'token expired' } }],
  ])('a create that %s turns away over the token is repeated once', async (_name, reply) => {
    stub.on('POST', LOGIN_PATH, loginReply('first'), loginReply('second'));
    stub.on('POST', `/v3/${PROJECT}/snapshots`, reply, { ...shown, status: 202 });
    fixture = createFixture(stub.url);
    await fixture.cloud.createSnapshot({ volumeId: 'v', name: 'n', description: null, force: true, metadata: {} });
    expect(stub.requests.map((request) => request.headers['x-auth-token'] ?? 'login')).toEqual(['login', 'first', 'login', 'second']);
  });

  it('fails with auth where the new token is refused too, without logging in for ever', async () => {
    stub.on('POST', LOGIN_PATH, loginReply('first'), loginReply('second'), loginReply('third'));
    stub.on('GET', SHOW, unauthorized);
    fixture = createFixture(stub.url);
    for (let call = 0; call < 10; call += 1) expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'auth', httpStatus: 401, code: 'HTTP_401' });
    expect(stub.count('POST', LOGIN_PATH)).toBe(2);
    expect(stub.count('GET', SHOW)).toBe(2);
  });

  it('rights are not a matter of the token: 403 is not repeated', async () => {
    stub.on('POST', LOGIN_PATH, loginReply());
    stub.on('GET', SHOW, { status: 403, body: { error: { code: 'EVS.2056', message: 'denied' } } });
    fixture = createFixture(stub.url);
    expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'auth', code: 'EVS.2056' });
    expect(stub.count('GET', SHOW)).toBe(1);
  });

  it('a 500 over the token gets another one for the next call', async () => {
    stub.on('POST', LOGIN_PATH, loginReply('first'), loginReply('second'));
    stub.on('GET', SHOW, shown, { status: 500, body: { error: { code: 'EVS.2010', message: 'x' } } }, shown);
    fixture = createFixture(stub.url);
    await fixture.cloud.showSnapshot('a');
    expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'transient', code: 'EVS.2010' });
    await fixture.cloud.showSnapshot('a');
    expect(stub.requests.at(-1)?.headers['x-auth-token']).toBe('second');
  });

  it('a login that times out is not an unknown outcome of a create', async () => {
    stub.on('POST', LOGIN_PATH, 'destroy');
    fixture = createFixture(stub.url);
    const failure = await failureOf(fixture.cloud.createSnapshot({ volumeId: 'v', name: 'n', description: null, force: true, metadata: {} }));
    expect(failure).toMatchObject({ kind: 'transient', code: 'reset', outcomeUnknown: false });
  });
});

describe('token', () => {
  it('is read again when its file changes, and the call repeated', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'token-')), 'token');
    await writeFile(file, 'old-token\n');
    stub.on('GET', SHOW, async (request) => {
      if (request.headers['x-auth-token'] === 'new-token!') return shown;
      await writeFile(file, 'new-token!\n');
      return unauthorized;
    });
    fixture = createFixture(stub.url, { target: { auth: { type: 'token', token: { file } } } });
    await fixture.cloud.showSnapshot('a');
    expect(stub.count('GET', SHOW)).toBe(2);
    expect(await fixture.cloud.authenticate()).toEqual({ expiresInMs: null });
  });

  it('is not sent twice when it is refused', async () => {
    stub.on('GET', SHOW, unauthorized);
    fixture = createFixture(stub.url, { target: { auth: { type: 'token', token: { env: 'TOKEN' } } } });
    fixture.env['TOKEN'] = 'static-token';
    expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'auth', httpStatus: 401 });
    expect(stub.count('GET', SHOW)).toBe(1);
    fixture.env['TOKEN'] = 'two\nlines';
    expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'auth', code: 'secret', message: expect.stringContaining('TOKEN') as unknown });
  });
});

describe('access key', () => {
  const auth: TargetAuth = { type: 'aksk', accessKey: { env: 'AK' }, secretKey: { env: 'SK' }, securityToken: null };

  function signed(request: StubRequest): boolean {
    const names = /SignedHeaders=([^,]+),/.exec(request.headers.authorization ?? '')?.[1]?.split(';') ?? [];
    const headers = Object.fromEntries(names.map((name) => [name, String(request.headers[name])]));
    const expected = signRequest(
      { method: request.method, url: `${stub.url}${request.url}`, headers, body: request.body === '' ? null : request.body },
      { accessKey: 'AKEXAMPLE', secretKey: 'SKEXAMPLE' },
    );
    return names.includes('host') && names.includes('x-sdk-date') && names.includes('x-project-id') && request.headers.authorization === expected;
  }

  it('signs what is sent, host and query included', async () => {
    stub.on('GET', `/v3/${PROJECT}/snapshots/detail`, (request) => (signed(request) ? { status: 200, body: { snapshots: [] } } : unauthorized));
    stub.on('POST', `/v3/${PROJECT}/snapshots`, (request) => (signed(request) ? { ...shown, status: 202 } : unauthorized));
    fixture = createFixture(stub.url, { target: { auth } });
    Object.assign(fixture.env, { AK: 'AKEXAMPLE', SK: 'SKEXAMPLE' });
    for await (const _page of fixture.cloud.snapshotPages({ volumeId: 'ü (x)*', status: 'available' })) expect.unreachable();
    await fixture.cloud.createSnapshot({ volumeId: 'v', name: 'ünï', description: null, force: true, metadata: { a: '€' } });
    expect(await fixture.cloud.authenticate()).toEqual({ expiresInMs: null });
  });

  it('sends and signs a security token', async () => {
    stub.on('GET', SHOW, (request) => (signed(request) && request.headers['x-security-token'] === 'STS' ? shown : unauthorized));
    fixture = createFixture(stub.url, { target: { auth: { ...auth, securityToken: { env: 'ST' } } } });
    Object.assign(fixture.env, { AK: 'AKEXAMPLE', SK: 'SKEXAMPLE', ST: 'STS' });
    expect((await fixture.cloud.showSnapshot('a')).id).toBe('a');
  });

  it('stops before the key is locked, until it is another one or some minutes have passed', async () => {
    stub.on('GET', SHOW, (request) => (signed(request) ? shown : { status: 401, body: { error_code: 'APIGW.0301', error_msg: 'Incorrect IAM authentication information: verify aksk signature fail' } }));
    fixture = createFixture(stub.url, { target: { auth } });
    Object.assign(fixture.env, { AK: 'AKEXAMPLE', SK: 'wrong-one' });
    for (let call = 0; call < 10; call += 1) expect(await failureOf(fixture.cloud.showSnapshot('a'))).toMatchObject({ kind: 'auth', httpStatus: 401 });
    expect(stub.count('GET', SHOW)).toBe(3);
    fixture.clock.advance(300_000);
    await failureOf(fixture.cloud.showSnapshot('a'));
    expect(stub.count('GET', SHOW)).toBe(4);
    Object.assign(fixture.env, { SK: 'SKEXAMPLE' });
    await fixture.cloud.showSnapshot('a');
  });
});
