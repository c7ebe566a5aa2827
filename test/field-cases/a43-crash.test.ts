import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startRedis } from '../support/redis.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { expectNoSecret, REDIS_PASSWORD, SECRETS } from './canaries.ts';

/** What a library's error may have on it: Node prints all of this where nobody catches it. */
const bomb = `
const cause = Object.assign(new Error('cause with ${SECRETS.PASSWORD}'), { command: { name: 'auth', args: ['${REDIS_PASSWORD}'] } });
const error = new Error('cannot reach redis://bot:${REDIS_PASSWORD}@host, x-auth-token: ${SECRETS.TOKEN}', { cause });
Object.assign(error, { config: { headers: { 'x-auth-token': '${SECRETS.TOKEN}' } } });
`;

test.each([
  ['an error that is thrown', 'throw error;'],
  ['a promise that nobody awaits', 'Promise.reject(error);'],
  ['what is no error', `throw { password: '${SECRETS.PASSWORD}' };`],
])('A43 a crash of the service by %s', async (_name, go) => {
  await using redis = await startRedis({ requirePass: REDIS_PASSWORD });
  await using cloud = await startSimulator({ volumes: [{ name: 'vol-1' }] });
  await using dir = await tempDir('crash');
  const config = path.join(dir.path, 'policies.yaml');
  await writeFile(config, `
apiVersion: snapkeep/v1
instance: canary
targets:
  - { name: t, api: evs-v3, endpoint: "${cloud.evsEndpoint}", projectId: ${cloud.projectId}, auth: { type: token, token: { env: TOKEN } } }
policies:
  - { name: p, target: t, schedule: { cron: "0 2 * * *" }, volumes: { match: { name: "*" } } }
`);
  await writeFile(path.join(dir.path, 'bomb.mjs'), `process.on('SIGUSR2', () => { ${bomb} ${go} });`);
  const bombed = { ...SECRETS, NODE_OPTIONS: `--import ${path.join(dir.path, 'bomb.mjs')}` };
  await using service = spawnSnapkeep(['serve', '--config', config, '--redis', redis.url, '--host', '127.0.0.1', '--port', '0', '--log-level', 'trace', '--log-format', 'json'], { env: bombed });
  await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 40_000);

  service.kill('SIGUSR2');

  expect((await service.waitForExit(40_000)).code).toBe(1);
  const told = service.lines.filter(({ json }) => json?.['event'] === 'process.crashed');
  expect(told).toHaveLength(1);
  expect(told[0]?.json).toMatchObject({ level: 'error', errorMessage: expect.stringMatching(/^Error: cannot reach redis:\/\/\[redacted\]@host|^what was thrown is no error \(object\)/) });
  expect(service.stderr()).toBe('');
  expectNoSecret('the crash', `${service.stdout()}\n${service.stderr()}`);
}, 120_000);
