import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

const env = { [PASSWORD_VARIABLE]: 'simulator' };
const TOKEN = 'an-admin-token';

/** A service with a policy that fires once a year. */
async function serving(withToken: boolean) {
  const stack = new AsyncDisposableStack();
  const cloud = stack.use(await startSimulator({ volumes: 2 }));
  const dir = stack.use(await tempDir('admin'));
  const file = await policyFile(dir.path, cloud, { cron: '0 0 1 1 *' });
  const tokenFile = path.join(dir.path, 'token');
  await writeFile(tokenFile, `${TOKEN}\n`);
  const args = ['serve', '--config', file, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', '0', '--host', '127.0.0.1'];
  const service = stack.use(spawnSnapkeep(args, { env: { ...env, ...(withToken ? { SNAPKEEP_ADMIN_TOKEN_FILE: tokenFile } : {}) } }));
  const started = await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 20_000);
  const url = String(started.json?.['url']);
  const ask = async (at: string, authorization?: string, method = 'GET') => fetch(`${url}${at}`, { method, headers: authorization === undefined ? {} : { authorization } });
  return { ask, service, tokenFile, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const basic = (user: string, password: string): string => `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

describe('with an admin token', { timeout: 60_000 }, () => {
  test('the board of the queues opens for it, to look at only; a new token is taken from the file', async () => {
    await using scene = await serving(true);
    const { ask } = scene;
    const closed = await ask('/queues');
    expect([closed.status, closed.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic realm=/)]);
    expect((await ask('/queues/api/queues')).status).toBe(401);
    expect((await ask('/queues', basic('me', 'wrong'))).status).toBe(401);

    const page = await ask('/queues', basic('anybody', TOKEN));
    expect([page.status, page.headers.get('content-type')]).toEqual([200, expect.stringContaining('text/html')]);
    expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'self';/);
    const html = await page.text();
    const script = /src="(static\/js\/main[^"]+)"/.exec(html)?.[1] ?? '';
    expect((await ask(`/queues/${script}`, `Bearer ${TOKEN}`)).status).toBe(200);
    const { queues } = (await (await ask('/queues/api/queues', `Bearer ${TOKEN}`)).json()) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues).toMatchObject([{ name: 'runs-simulated', readOnlyMode: true }]);
    for (const at of ['pause', 'empty', 'add', 'obliterate']) expect((await ask(`/queues/api/queues/runs-simulated/${at}`, `Bearer ${TOKEN}`, 'PUT')).status).toBe(404);

    await writeFile(scene.tokenFile, 'another-admin-token');
    await waitFor(() => ask('/queues', `Bearer another-admin-token`), ({ status }) => status === 200, { what: 'the new token to be taken' });
    expect((await ask('/queues', `Bearer ${TOKEN}`)).status).toBe(401);
    scene.service.kill('SIGTERM');
    expect(await scene.service.waitForExit(10_000)).toEqual({ code: 0, signal: null });
  });

  test('the page and what it asks for are served to everybody, with what the service knows', async () => {
    await using scene = await serving(true);
    expect(await (await scene.ask('/')).text()).toContain('<title>snapkeep</title>');
    expect(await (await scene.ask('/api/v1/overview')).json()).toMatchObject({ policies: [{ policy: 'often', volumes: 0, firings: [] }] });
    expect(await (await scene.ask('/api/v1/queues')).json()).toEqual({ queues: [{ target: 'simulated', waiting: 0, delayed: 0, active: 0 }] });
  });
});

test('without one nothing can be changed and the board stays closed', { timeout: 60_000 }, async () => {
  await using scene = await serving(false);
  for (const authorization of [undefined, `Bearer ${TOKEN}`, basic('', '')]) {
    expect((await scene.ask('/queues', authorization)).status).toBe(403);
    expect((await scene.ask('/api/v1/policies/often/pause', authorization, 'POST')).status).toBe(403);
  }
});

test('a token file that is not there or empty ends the start with the reason', async () => {
  await using cloud = await startSimulator({ volumes: 1 });
  await using dir = await tempDir('admin');
  const file = await policyFile(dir.path, cloud, { cron: '0 0 1 1 *' });
  const empty = path.join(dir.path, 'empty');
  await writeFile(empty, ' \n');
  for (const tokenFile of [empty, path.join(dir.path, 'nowhere')]) {
    const service = spawnSnapkeep(['serve', '--config', file, '--admin-token-file', tokenFile], { env });
    expect(await service.waitForExit()).toEqual({ code: 2, signal: null });
    expect(service.stderr()).toBe(`snapkeep: --admin-token-file: ${tokenFile} cannot be read or is empty\n`);
  }
}, 30_000);
