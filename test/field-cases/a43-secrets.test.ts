import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startSimulator, type SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { spawnSnapkeep, type SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir, type TempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { ADMIN_TOKEN, everythingIn, expectNoSecret, INLINE, REDIS_PASSWORD, SECRETS } from './canaries.ts';

const VOLUME = '5aa119a8-d25b-45a7-8d1b-88e127885635';

/** What a cloud may repeat of what it was sent. */
const echo = {
  error: {
    code: 'EVS.5400',
    message: `you sent ${SECRETS.PASSWORD} and ${encodeURIComponent(SECRETS.PASSWORD)}, x-auth-token: ${SECRETS.TOKEN}, {"password":"${SECRETS.PASSWORD}"}`,
  },
};
const dump = { error_code: 'APIGW.0301', error_msg: `verify aksk signature fail, canonicalRequest:POST|/v3/|x-security-token:${SECRETS.STS_TOKEN}|${SECRETS.ACCESS_KEY}|${SECRETS.SECRET_KEY}` };

interface Place {
  readonly name: string;
  /** None: a server that repeats the token it is sent, which the simulated cloud cannot be made to do. */
  readonly cloud: SimulatorOptions | null;
  /** YAML of `auth`; `%` stands for the identity endpoint. */
  readonly auth: string;
  readonly scheme?: 'https';
  /** What a run of it, or already the listing before it, must have failed with: what was to be provoked was provoked. */
  readonly code: string;
}

const key = { accessKey: SECRETS.ACCESS_KEY, secretKey: SECRETS.SECRET_KEY, securityToken: SECRETS.STS_TOKEN };
const byPassword = (variable: keyof typeof SECRETS) => `{ type: password, identityEndpoint: "%", username: backup-bot, domain: demo, password: { env: ${variable} } }`;
const bySignature = '{ type: aksk, accessKey: { env: ACCESS_KEY }, secretKey: { env: SECRET_KEY }, securityToken: { env: STS_TOKEN } }';
const byToken = '{ type: token, token: { env: TOKEN } }';
const password = SECRETS.PASSWORD;

const places: readonly Place[] = [
  { name: 'good', auth: byPassword('PASSWORD'), cloud: { password }, code: 'none' },
  { name: 'echo', auth: byPassword('PASSWORD'), cloud: { password, faults: [{ operation: 'create', effect: { kind: 'respond', status: 400, body: echo } }] }, code: 'EVS.5400' },
  { name: 'page', auth: byPassword('PASSWORD'), cloud: { password, faults: [{ operation: 'create', effect: { kind: 'respond', status: 400, body: `<html><title>${SECRETS.PASSWORD}</title>${SECRETS.TOKEN}` } }] }, code: 'HTTP_400' },
  { name: 'wrong', auth: byPassword('WRONG_PASSWORD'), cloud: { password: 'another', faults: [{ operation: 'auth', effect: { kind: 'respond', status: 401, body: { error: { code: 401, message: `wrong password ${SECRETS.WRONG_PASSWORD}` } } } }] }, code: 'HTTP_401' },
  { name: 'signed', auth: bySignature, cloud: { accessKeys: [key], faults: [{ operation: 'create', effect: { kind: 'respond', status: 401, body: dump } }] }, code: 'APIGW.0301' },
  { name: 'token', auth: byToken, cloud: null, code: 'HTTP_401' },
  // It speaks no TLS.
  { name: 'tls', auth: byPassword('PASSWORD'), scheme: 'https', cloud: { password }, code: 'tls' },
  { name: 'reset', auth: byPassword('PASSWORD'), cloud: { password, faults: [{ operation: 'create', effect: { kind: 'commit-then-reset' } }] }, code: 'reset' },
  // A directory is no file.
  { name: 'unread', auth: byPassword('PASSWORD').replace('{ env: PASSWORD }', '{ file: "/" }'), cloud: { password }, code: 'secret' },
  { name: 'hang', auth: byPassword('PASSWORD'), cloud: { password, faults: [{ operation: 'create', effect: { kind: 'hang' } }] }, code: 'timeout' },
];

const someCloud: SimulatorOptions = { creation: { minMs: 10, maxMs: 20 }, volumes: [{ id: VOLUME, name: 'vol-1' }], snapshotsPerVolume: null };

/** Refuses every token, and says which one, also where a request id is expected. */
async function startEcho(): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((request, response) => {
    const token = String(request.headers['x-auth-token']);
    response.writeHead(401, { 'x-request-id': token.slice(0, 70) }).end(JSON.stringify({ error: { code: 401, message: `token ${token} is no good` } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function policyFile(urls: ReadonlyMap<string, string>): string {
  const targets = places.map(({ name, auth, scheme }) => {
    const url = urls.get(name) ?? '';
    const endpoint = scheme === undefined ? url : url.replace('http:', 'https:');
    return `
  - { name: ${name}, api: evs-v3, endpoint: "${endpoint}", projectId: 0970dd9c1a0026a62fddc0038c52b5eb, timeout: 1s, auth: ${auth.replace('%', `${url}/v3`)} }`;
  });
  const policies = places.map(({ name }) => `
  - name: ${name}
    target: ${name}
    schedule: { cron: "*/2 * * * * *" }
    volumes: { ids: ["${VOLUME}"] }
    snapshot: { force: true }
    retry: { attempts: 1, backoff: { initial: 100ms, max: 200ms }, grace: 100ms, deadline: 5s }
    rpo: 1s`);
  return `apiVersion: snapkeep/v1\ninstance: canary\ntargets:${targets.join('')}\npolicies:${policies.join('')}\n`;
}

function outputOf(service: SnapkeepProcess): string {
  return `${service.stdout()}\n${service.stderr()}`;
}

async function run(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null; said: string }> {
  const command = spawnSnapkeep(args, { env: { ...SECRETS, ...env } });
  const { code } = await command.waitForExit();
  return { code, said: outputOf(command) };
}

/** All that the service tells over HTTP, the board of the queues and a change it refuses among it. */
async function everythingAt(url: string, runId: string): Promise<string> {
  const authorization = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const reads = ['/', '/page.js', '/readyz', '/api/v1/openapi.json', '/api/v1/status', '/api/v1/overview', '/api/v1/runs?limit=1000', `/api/v1/runs/${runId}`, '/api/v1/queues', '/api/v1/plan', '/api/v1/policies/nobody/grid', ...places.map(({ name }) => `/api/v1/policies/${name}/grid`)];
  const answers = await Promise.all([
    ...reads.map((at) => fetch(`${url}${at}`)),
    ...['/queues', '/queues/api/queues'].map((at) => fetch(`${url}${at}`, { headers: authorization })),
    fetch(`${url}/api/v1/policies/good/pause`, { method: 'POST', headers: authorization }),
    fetch(`${url}/api/v1/policies/good/pause`, { method: 'POST', headers: { authorization: 'Bearer wrong' } }),
  ]);
  return (await Promise.all(answers.map(async (answer) => JSON.stringify([answer.status, [...answer.headers], await answer.text()])))).join('\n');
}

describe('A43 no secret anywhere', () => {
  let redis: RedisServer;
  let dir: TempDir;
  let clouds: AsyncDisposableStack;

  beforeAll(async () => {
    redis = await startRedis({ requirePass: REDIS_PASSWORD });
    dir = await tempDir('canary');
    clouds = new AsyncDisposableStack();
    const urls = new Map<string, string>();
    for (const { name, cloud } of places) urls.set(name, clouds.use(cloud === null ? await startEcho() : await startSimulator({ ...someCloud, ...cloud })).url);
    await writeFile(path.join(dir.path, 'policies.yaml'), policyFile(urls));
  });
  afterAll(async () => {
    await clouds.disposeAsync();
    await dir.remove();
    await redis.stop();
  });

  it('A43 401, echoed requests, TLS, time-out, Redis gone, crash, at log level trace: not in logs, metrics, Redis, runs or status', async () => {
    expect(redis.url).toContain(REDIS_PASSWORD);
    const config = path.join(dir.path, 'policies.yaml');
    const store = ['--config', config, '--redis', redis.url];
    const tokenFile = path.join(dir.path, 'admin-token');
    await writeFile(tokenFile, ADMIN_TOKEN);
    await using service = spawnSnapkeep(['serve', ...store, '--admin-token-file', tokenFile, '--host', '127.0.0.1', '--port', '0', '--log-level', 'trace', '--log-format', 'json'], { env: SECRETS });
    const started = await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 40_000);
    const url = String(started.json?.['url']);

    const ended = (): Map<string, Set<string>> => {
      const codes = new Map(places.map(({ name }) => [name, new Set<string>()]));
      for (const { json } of service.lines) {
        if (typeof json?.['errorCode'] === 'string') codes.get(String(json['policy']))?.add(json['errorCode']);
        if (json?.['event'] === 'snapshot.available') codes.get(String(json['policy']))?.add('none');
      }
      return codes;
    };
    await waitFor(ended, (codes) => places.every(({ name, code }) => codes.get(name)?.has(code)), { what: 'each kind of failure', timeoutMs: 25_000 });

    const metrics = await (await fetch(`${url}/metrics`)).text();
    expect(metrics).toContain('snapkeep_failures_total{target="echo"');
    expectNoSecret('a metric', metrics);
    const stored = await everythingIn(redis.url);
    expect(stored).toContain('EVS.5400');
    expect(stored).toContain('bull');
    expectNoSecret('Redis', stored);

    const history = await run(['runs', '--json', '--limit', '1000', ...store]);
    expect(history.code).toBe(0);
    expectNoSecret('the history', history.said);
    const failed = (JSON.parse(history.said) as { runs: { id: string; policy: string; outcome: string; failure: { message: string } | null }[] }).runs.filter(({ outcome }) => outcome === 'failed');
    const echoed = failed.find(({ policy }) => policy === 'echo');
    expect(echoed?.failure?.message).toContain('you sent [redacted]');
    for (const args of [['runs', 'show', echoed?.id ?? ''], ['runs', 'show', echoed?.id ?? '', '--json'], ['status', '--json'], ['status']]) {
      const shown = await run([...args, ...store]);
      expect(shown.code).toBe(0);
      expectNoSecret(args.join(' '), shown.said);
    }

    const web = await everythingAt(url, echoed?.id ?? '');
    expect(web).toContain('you sent [redacted]');
    expect(web).toContain('runs-echo');
    expectNoSecret('HTTP', web);

    await redis.kill();
    await service.waitForLine(({ json }) => json?.['event'] === 'redis.unavailable', 15_000);
    service.kill('SIGABRT');
    await service.waitForExit();
    expectNoSecret('the log', outputOf(service));
    const dumps = service.lines.filter(({ json }) => json?.['event'] === 'api.dumped');
    expect(dumps.length).toBeGreaterThan(10);
    expect(dumps.map(({ text }) => text).find((text) => text.includes('"operation":"create_snapshot"') && text.includes('snapkeep_run'))).toContain('"x-auth-token":"[redacted]"');
    for (const { text } of dumps) expect(text.length).toBeLessThan(20_000);
  }, 90_000);

  it('A43 invalid policy files', async () => {
    await using invalid = await tempDir('canary-invalid');
    const lines = {
      'inline.yaml': `password: ${INLINE}`,
      'variable.yaml': `password: { env: "${INLINE}" }`,
      'url.yaml': `identityEndpoint: "https://user:${INLINE}@iam.example/v3"`,
      'key.yaml': `passwort: ${INLINE}`,
      'syntax.yaml': `password: "${INLINE}`,
    };
    for (const [name, line] of Object.entries(lines)) {
      const target = `- name: bad\n  api: evs-v3\n  endpoint: https://evs.example\n  projectId: 0970dd9c1a0026a62fddc0038c52b5eb\n  auth:\n    type: password\n    ${line}`;
      await writeFile(path.join(invalid.path, name), `apiVersion: snapkeep/v1\ntargets:\n${target}\npolicies: []\n`);
    }
    for (const args of [['serve', '--config', invalid.path, '--redis', redis.url], ['validate', '--json', invalid.path]]) {
      const { code, said } = await run(args);
      expect(code).toBe(2);
      for (const name of Object.keys(lines)) expect(said).toContain(name);
      expectNoSecret(args[0] ?? '', said);
    }
  }, 40_000);

  it.each([
    ['that cannot be read', `redis://user:${REDIS_PASSWORD}@host:port/0`],
    ['of a scheme that is none', `http://user:${REDIS_PASSWORD}@127.0.0.1:6379`],
    ['that nobody answers at', `redis://user:${REDIS_PASSWORD}@127.0.0.1:9/0`],
    ['with a percent sign that encodes nothing', `redis://user:${REDIS_PASSWORD}%zz@127.0.0.1:9/0`],
  ])('A43 an address of Redis %s', async (_name, address) => {
    const { code, said } = await run(['status', '--config', path.join(dir.path, 'policies.yaml')], { SNAPKEEP_REDIS: address });
    expect(code).not.toBe(0);
    expect(said).not.toBe('');
    expectNoSecret('status', said);
  }, 40_000);
});
