import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startRedis } from '../support/redis.ts';
import { startOtlpReceiver } from '../support/otlp-receiver.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { COLLECTOR_TOKEN, everythingIn, expectNoSecret, HMAC_SECRET, HOOK_PASSWORD, HOOK_PATH, SECRETS } from './canaries.ts';

interface Received {
  readonly path: string;
  readonly body: string;
}

/** Takes what is sent to `good`, and refuses all else. */
async function startReceiver(): Promise<AsyncDisposable & { readonly port: number; readonly received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      received.push({ path: request.url ?? '', body });
      response.writeHead(request.url?.includes('good') === true ? 200 : 500).end(`you sent ${request.headers.authorization}`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    received,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const refusal = { error: { code: 'EVS.5400', message: `you sent x-auth-token: ${SECRETS.TOKEN} and ${SECRETS.PASSWORD}` } };

test('A43 receivers of notifications that take a call, refuse it, speak no TLS, or are not there; and a collector of traces', async () => {
  await using redis = await startRedis();
  await using cloud = await startSimulator({ password: SECRETS.PASSWORD, volumes: [{ name: 'vol-1' }], faults: [{ operation: 'create', effect: { kind: 'respond', status: 400, body: refusal } }] });
  await using receiver = await startReceiver();
  await using collector = await startOtlpReceiver();
  await using dir = await tempDir('receivers');
  const login = `bot:${HOOK_PASSWORD}@127.0.0.1`;
  const urls = {
    GOOD: `http://${login}:${receiver.port}/good/${HOOK_PATH}?key=${HOOK_PATH}`,
    REFUSES: `http://${login}:${receiver.port}/refuses/${HOOK_PATH}`,
    TLS: `https://${login}:${receiver.port}/tls/${HOOK_PATH}`,
    GONE: `http://${login}:9/${HOOK_PATH}`,
    GARBAGE: `hooks://${login} ${HOOK_PATH}`,
  };
  const config = path.join(dir.path, 'policies.yaml');
  await writeFile(config, `
apiVersion: snapkeep/v1
instance: canary
targets:
  - { name: t, api: evs-v3, endpoint: "${cloud.evsEndpoint}", projectId: ${cloud.projectId}, auth: { type: password, identityEndpoint: "${cloud.identityEndpoint}", username: ${cloud.credentials.user}, domain: ${cloud.credentials.domain}, password: { env: PASSWORD } } }
policies:
  - { name: p, target: t, schedule: { cron: "*/2 * * * * *" }, volumes: { match: { name: "*" } }, snapshot: { force: true }, rpo: 1s, heartbeat: { url: { env: GONE } } }
notifications:${Object.keys(urls).map((name) => `
  - { name: ${name.toLowerCase()}, url: { env: ${name} }, format: ${name === 'GOOD' ? 'slack' : 'cloudevents'}, secret: { env: HMAC }, events: [run.failed, volume.overdue], policies: ["*"] }`).join('')}
`);
  const env = { ...SECRETS, ...urls, HMAC: HMAC_SECRET, OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer ${COLLECTOR_TOKEN}`, OTEL_BSP_SCHEDULE_DELAY: '100' };
  await using service = spawnSnapkeep(['serve', '--config', config, '--redis', redis.url, '--host', '127.0.0.1', '--port', '0', '--log-level', 'trace', '--log-format', 'json'], { env });
  const started = await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 40_000);
  const url = String(started.json?.['url']);

  const told = (): Set<unknown> => new Set(service.lines.filter(({ json }) => String(json?.['event']).startsWith('notification.')).map(({ json }) => json?.['receiver']));
  await waitFor(told, (receivers) => Object.keys(urls).every((name) => receivers.has(name.toLowerCase())), { what: 'a try of each receiver', timeoutMs: 50_000 });
  await waitFor(() => receiver.received.map(({ path: at }) => at), (paths) => paths.some((at) => at.startsWith('/good')) && paths.some((at) => at.startsWith('/refuses')), { what: 'calls' });

  // Paths are the receivers' own; what is sent is not to repeat them, nor what the cloud said of our token.
  expectNoSecret('a notification', receiver.received.map(({ body }) => body).join('\n'));
  expect(receiver.received.map(({ body }) => body).join('\n')).toContain('you sent');
  await waitFor(() => collector.spans.map(({ status }) => status.message), (messages) => messages.some((message) => message.startsWith('you sent')), { what: 'the span of a failed run' });
  expect(collector.headers[0]?.['authorization']).toBe(`Bearer ${COLLECTOR_TOKEN}`);
  expectNoSecret('a trace', collector.raw());
  const stored = await everythingIn(redis.url);
  expect(stored).toContain('notices');
  expectNoSecret('Redis', stored);
  for (const at of ['/metrics', '/readyz', '/api/v1/status', '/api/v1/overview', '/api/v1/runs']) expectNoSecret(at, await (await fetch(`${url}${at}`)).text());

  service.kill('SIGTERM');
  await service.waitForExit(40_000);
  expectNoSecret('the log', `${service.stdout()}\n${service.stderr()}`);
}, 120_000);
