import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startRedis } from '../support/redis.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

test('--volume-metrics adds a series for each volume, and only then', async () => {
  await using redis = await startRedis();
  await using cloud = await startSimulator({ creation: { minMs: 10, maxMs: 20 }, volumes: [{ name: 'vol-1' }, { name: 'vol-2' }] });
  await using dir = await tempDir('volume-metrics');
  const config = path.join(dir.path, 'policies.yaml');
  await writeFile(config, `
apiVersion: snapkeep/v1
instance: volumes
targets:
  - { name: t, api: evs-v3, endpoint: "${cloud.evsEndpoint}", projectId: ${cloud.projectId}, auth: { type: password, identityEndpoint: "${cloud.identityEndpoint}", username: ${cloud.credentials.user}, domain: ${cloud.credentials.domain}, password: { env: PASSWORD } } }
policies:
  - { name: p, target: t, schedule: { cron: "*/3 * * * * *" }, volumes: { match: { name: "vol-*" } }, snapshot: { force: true }, rpo: 5m }
`);
  const serve = (...flags: string[]) =>
    spawnSnapkeep(['serve', '--config', config, '--redis', redis.url, '--host', '127.0.0.1', '--port', '0', '--log-format', 'json', ...flags], { env: { PASSWORD: cloud.credentials.password, SNAPKEEP_VOLUME_METRICS: 'false' } });
  const series = async (service: ReturnType<typeof serve>): Promise<string[]> => {
    const url = String((await service.waitForLine(({ json }) => json?.['event'] === 'service.started', 40_000)).json?.['url']);
    return (await (await fetch(`${url}/metrics`)).text()).split('\n').filter((line) => line.startsWith('snapkeep_volume_rpo_lag_seconds{'));
  };
  await using withFlag = serve('--volume-metrics');
  await withFlag.waitForLine(({ json }) => json?.['event'] === 'firing.finished', 40_000);
  const shown = await waitFor(() => series(withFlag), (lines) => lines.length === 2, { what: 'a series for each volume' });
  for (const { id } of cloud.volumes()) expect(shown.join('\n')).toMatch(new RegExp(`\\{target="t",policy="p",volume="${id}"\\} \\d+$`, 'm'));
  await using without = serve();
  expect(await series(without)).toEqual([]);
}, 120_000);
