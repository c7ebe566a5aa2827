import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { OutputLine, SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const HEAD = `apiVersion: snapkeep/v1
instance: reloaded
targets:
  - { name: t, api: evs-v3, endpoint: "http://127.0.0.1:9", projectId: 0970dd9c1a0026a62fddc0038c52b5eb, auth: { type: token, token: { env: E2E_TOKEN } } }
`;

function policies(...entries: readonly (readonly [string, string])[]): string {
  return `policies:\n${entries.map(([name, cron]) => `  - { name: ${name}, target: t, schedule: { cron: "${cron}" }, volumes: { match: { name: "*" } }, retention: { last: 3 } }\n`).join('')}`;
}

/** The nth line of this event, and how long it took to come, ms. */
async function nth(service: SnapkeepProcess, event: string, n: number): Promise<{ line: OutputLine; tookMs: number }> {
  const startedAt = performance.now();
  const lines = await waitFor(() => service.lines.filter(({ json }) => json?.['event'] === event), (found) => found.length >= n, { what: `${event} for the ${n}. time`, timeoutMs: 15_000, intervalMs: 20 });
  const line = lines[n - 1];
  if (line === undefined) throw new Error('no such line');
  return { line, tookMs: performance.now() - startedAt };
}

test('A36 kubernetes/kubernetes #50345, jimmidyson/configmap-reload #190, apache/skywalking-horizon-ui #130: whatever way a file changes, it is in force within seconds', async () => {
  await using dir = await tempDir('reload');
  const mounted = path.join(dir.path, 'config');
  const single = path.join(dir.path, 'extra.yaml');
  const version = async (name: string, text: string): Promise<void> => {
    await mkdir(path.join(mounted, name));
    await writeFile(path.join(mounted, name, 'policies.yaml'), text);
    await symlink(name, path.join(mounted, '..data_tmp'));
    await rename(path.join(mounted, '..data_tmp'), path.join(mounted, '..data'));
  };
  await mkdir(mounted);
  await version('..one', HEAD + policies(['nightly', '0 2 * * *']));
  await symlink('..data/policies.yaml', path.join(mounted, 'policies.yaml'));
  await writeFile(single, `apiVersion: snapkeep/v1\n${policies(['extra', '0 4 * * *'])}`);
  const service = spawnSnapkeep(['serve', '--config', mounted, '--config', single, '--redis', 'embedded', '--data-dir', path.join(dir.path, 'data'), '--port', '0', '--host', '127.0.0.1'], { env: { E2E_TOKEN: 'x' } });
  const started = await nth(service, 'service.started', 1);
  const url = String(started.line.json?.['url']);
  const told: Record<string, unknown>[] = [];
  const took: number[] = [];
  const change = async (how: () => Promise<void>): Promise<void> => {
    await how();
    const { line, tookMs } = await nth(service, 'config.reloaded', told.length + 1);
    told.push(line.json ?? {});
    took.push(tookMs);
  };

  await change(() => version('..two', HEAD + policies(['nightly', '0 3 * * *'])));
  await change(() => writeFile(single, `apiVersion: snapkeep/v1\n${policies(['extra', '0 5 * * *'])}`));
  await change(async () => {
    await writeFile(`${single}.new`, `apiVersion: snapkeep/v1\n${policies(['extra', '0 6 * * *'])}`);
    await rename(`${single}.new`, single);
  });
  await change(() => writeFile(path.join(mounted, 'more.yml'), `apiVersion: snapkeep/v1\n${policies(['more', '0 7 * * *'])}`));
  await change(() => rm(path.join(mounted, 'more.yml')));

  expect(told).toMatchObject([
    { policies: 2, policiesChanged: { count: 1, names: ['nightly'] }, nextDueChanged: { names: [expect.stringMatching(/^nightly \d{4}-\d\d-\d\dT03:00:00Z$/)] }, notificationsChanged: false },
    { policiesChanged: { names: ['extra'] }, nextDueChanged: { names: [expect.stringMatching(/^extra .*T05:00:00Z$/)] } },
    { policiesChanged: { names: ['extra'] }, nextDueChanged: { names: [expect.stringMatching(/^extra .*T06:00:00Z$/)] } },
    { policies: 3, policiesAdded: { names: ['more'] } },
    { policies: 2, policiesRemoved: { names: ['more'] } },
  ]);
  // Five seconds by the clock of the service; a machine that runs other tests beside this one is given as many again.
  for (const ms of took) expect(ms).toBeLessThan(10_000);
  const { policies: shown } = (await (await fetch(`${url}/api/v1/overview`)).json()) as { policies: { policy: string }[] };
  expect(shown.map(({ policy }) => policy)).toEqual(['nightly', 'extra']);

  await rm(path.join(mounted, 'policies.yaml'));
  const refused = await nth(service, 'config.refused', 1);
  expect(refused.line.json).toMatchObject({ level: 'error', problems: 1, errorMessage: `${mounted}:1:1: the directory holds no *.yaml and no *.yml; put a policy file there, or name one` });
  expect(refused.tookMs).toBeLessThan(10_000);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  service.kill('SIGTERM');
  expect(await service.waitForExit(10_000)).toEqual({ code: 0, signal: null });
}, 90_000);
