import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TargetAuth } from '#domain/target';
import { startStub, type Stub, type StubHandler } from '../http-client/stub-server.ts';
import { createFixture, LOGIN_PATH, loginReply, PASSWORD, PROJECT, TOKEN, type Fixture } from './cloud-fixture.ts';

const AK = 'CANARYAK0000000000AB';
const SK = 'canarySK000000000000000000000000000000CD';
const STS = `canary-sts-${'Zz9'.repeat(50)}`;
const PROXY_PASSWORD = 'canary-proxy-pw';
/** What the target of the test knows, and so a cloud could repeat. */
let secretsInUse: readonly string[] = [];
const SHOW = `/v3/${PROJECT}/snapshots/a`;
const CREATE = `/v3/${PROJECT}/snapshots`;

let stub: Stub;
let fixture: Fixture | null = null;
beforeEach(async () => {
  stub = await startStub();
});
afterEach(async () => {
  await fixture?.cloud.close();
  await stub.close();
});

async function everythingSaid(options: Parameters<typeof createFixture>[1] = {}, used: readonly string[] = [PASSWORD, TOKEN]): Promise<string> {
  secretsInUse = used;
  fixture = createFixture(stub.url, options);
  Object.assign(fixture.env, { AK, SK, STS, TOKEN });
  const { cloud } = fixture;
  const errors: unknown[] = [];
  for (const call of [
    async () => cloud.createSnapshot({ volumeId: 'v', name: 'n', description: null, force: true, metadata: {} }),
    async () => cloud.showSnapshot('a'),
    async () => cloud.authenticate(),
  ]) {
    try {
      await call();
    } catch (error) {
      errors.push(error);
    }
  }
  expect(errors).not.toEqual([]);
  const stacks = errors.map((error) => (error instanceof Error ? `${error.stack ?? ''} ${String(error)}` : ''));
  return [inspect(errors, { depth: 20, showHidden: true }), JSON.stringify(errors), ...stacks, JSON.stringify(fixture.calls), JSON.stringify(fixture.dumps)].join('\n');
}

function expectNoCanary(said: string, used: readonly string[] = [PASSWORD, TOKEN]): void {
  for (const canary of [...used, PROXY_PASSWORD]) {
    for (const spelling of [canary, encodeURIComponent(canary), Buffer.from(canary).toString('base64'), canary.slice(0, 30)]) expect(said).not.toContain(spelling);
  }
}

/** Everything that a cloud might repeat of a request. */
const echo: StubHandler = (request) => ({
  status: 400,
  headers: { 'x-request-id': TOKEN.slice(0, 70), 'set-cookie': `session=${TOKEN}`, 'retry-after': secretsInUse[0] ?? '' },
  body: { error: { code: 'EVS.5400', message: `you sent ${JSON.stringify(request.headers)} and ${request.body} with ${secretsInUse.join(' ')}` } },
});

describe('no secret in an error, a call or a dump', () => {
  it.each<[string, StubHandler, StubHandler]>([
    ['a login that repeats the request', echo, echo],
    ['a refused login', { status: 401, body: { error: { code: 401, message: `wrong password ${PASSWORD}` } } }, echo],
    ['a login that is cut', 'destroy', 'destroy'],
    ['a login that is no JSON', { status: 201, headers: { 'x-subject-token': TOKEN }, body: `${PASSWORD} ${TOKEN}` }, echo],
    ['a login with a token that is none', { status: 201, headers: { 'x-subject-token': `${TOKEN} ${PASSWORD}` }, body: loginReply().body }, echo],
    ['a call that repeats the request', loginReply(), echo],
    ['a 401 that repeats the token', loginReply(), { status: 401, body: { error: { code: 401, message: `token ${TOKEN} expired` } } }],
    ['a page that repeats the token', loginReply(), { status: 502, body: `<html><title>${TOKEN}</title>${PASSWORD}` }],
    ['an answer that is no JSON', loginReply(), { status: 202, body: `{"snapshot": ${PASSWORD} ${TOKEN}` }],
    ['an answer of another shape', loginReply(), { status: 202, body: { snapshot: { id: { [TOKEN]: PASSWORD }, volume_id: [TOKEN] } } }],
    ['a cut connection', loginReply(), 'destroy'],
    ['an answer that is no HTTP', loginReply(), (_request, response) => void response.socket?.end(`${TOKEN} ${PASSWORD}\r\n`)],
  ])('%s', async (_name, login, call) => {
    stub.on('POST', LOGIN_PATH, login);
    stub.on('GET', SHOW, call);
    stub.on('POST', CREATE, call);
    expectNoCanary(await everythingSaid());
  });

  it.each<[string, TargetAuth]>([
    ['access key', { type: 'aksk', accessKey: { env: 'AK' }, secretKey: { env: 'SK' }, securityToken: { env: 'STS' } }],
    ['token', { type: 'token', token: { env: 'TOKEN' } }],
  ])('%s', async (_name, auth) => {
    stub.on('GET', SHOW, {
      status: 401,
      body: { error_code: 'APIGW.0301', error_msg: `verify aksk signature fail, canonicalRequest:POST|/v3/|${STS}|${AK}|${SK}|${TOKEN}` },
    });
    stub.on('POST', CREATE, echo);
    const used = auth.type === 'aksk' ? [AK, SK, STS] : [TOKEN];
    const said = await everythingSaid({ target: { auth } }, used);
    expectNoCanary(said, used);
    const signatures = stub.requests.map(({ headers }) => /Signature=([\da-f]{64})/.exec(headers.authorization ?? '')?.[1] ?? 'no signature');
    expect(signatures.filter((signature) => said.includes(signature))).toEqual([]);
  });

  it('a time-out', async () => {
    stub.on('POST', LOGIN_PATH, loginReply());
    stub.on('POST', CREATE, 'hang');
    stub.on('GET', SHOW, 'hang');
    expectNoCanary(await everythingSaid({ timeoutMs: 80 }));
  });

  it('a proxy with a password that is not there', async () => {
    vi.stubEnv('HTTP_PROXY', `http://user:${PROXY_PASSWORD}@127.0.0.1:9`);
    vi.stubEnv('NO_PROXY', '');
    vi.stubEnv('no_proxy', '');
    expectNoCanary(await everythingSaid());
  });

  it('a dump still says what was going on', async () => {
    stub.on('POST', LOGIN_PATH, loginReply());
    stub.on('POST', CREATE, { status: 202, body: { snapshot: { id: 'a', volume_id: 'v', name: 'visible' } } });
    fixture = createFixture(stub.url);
    await fixture.cloud.createSnapshot({ volumeId: 'v', name: 'visible', description: null, force: true, metadata: { team: 'payments' } });
    const [login, create] = fixture.dumps;
    expect(login?.request.body).toContain('"password":"[redacted]"');
    expect(login?.response?.headers).toMatchObject({ 'x-subject-token': '[redacted]', 'content-type': 'application/json' });
    expect(create).toMatchObject({
      operation: 'create_snapshot',
      request: { method: 'POST', url: `${stub.url}${CREATE}`, headers: { 'x-auth-token': '[redacted]', 'content-type': 'application/json' } },
      response: { status: 202 },
    });
    expect(create?.request.body).toContain('"team":"payments"');
    expect(create?.response?.body).toContain('visible');
  });

  it('a dump cuts what is long', async () => {
    stub.on('POST', LOGIN_PATH, loginReply());
    stub.on('GET', SHOW, { status: 200, body: { snapshot: { id: 'a', volume_id: 'v', description: 'word '.repeat(10_000) } } }, { status: 200, body: 'word '.repeat(300_000) });
    fixture = createFixture(stub.url);
    await fixture.cloud.showSnapshot('a');
    expect(fixture.dumps.at(-1)?.response?.body).toMatch(/… \(\d+ characters\)$/);
    await fixture.cloud.showSnapshot('a').catch(() => undefined);
    expect(fixture.dumps.at(-1)?.response?.body).toBe('(1500000 characters)');
  });
});
