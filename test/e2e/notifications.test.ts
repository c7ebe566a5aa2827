import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startStub } from '../adapters/http-client/stub-server.ts';
import { startRedis } from '../support/redis.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

test('a process killed while it tells a receiver: another one tells it, under the same id', { timeout: 90_000 }, async () => {
  const redis = await startRedis();
  const hook = await startStub();
  try {
    await using cloud = await startSimulator({ volumes: [{ name: 'vol-1' }], snapshotsPerVolume: null, faults: [{ operation: 'create', effect: { kind: 'code', code: 'EVS.5400' } }] });
    await using dir = await tempDir('notifications');
    const due = new Date(Date.now() + 8_000);
    const cron = `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`;
    const file = await policyFile(dir.path, cloud, { cron, notifications: '[{ name: ops, url: { env: HOOK } }]' });
    const env = { [PASSWORD_VARIABLE]: 'simulator', HOOK: `${hook.url}/canary-path` };
    const serve = (): SnapkeepProcess => spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0', '--log-level', 'debug'], { env });
    const first = serve();
    hook.on('POST', '/canary-path', () => {
      first.kill('SIGKILL');
      return 'hang';
    }, { status: 200 });

    expect((await first.waitForExit(60_000)).signal).toBe('SIGKILL');
    const second = serve();
    await waitFor(() => hook.requests.length, (calls) => calls >= 2, { what: 'the second call', timeoutMs: 40_000 });
    const sent = await second.waitForLine(({ json }) => json?.['event'] === 'notification.sent');

    const ids = hook.requests.map(({ body }) => (JSON.parse(body) as { id: string }).id);
    expect(ids[0]).toMatch(/^n[0-9a-f]{32}$/);
    expect(ids[1]).toBe(ids[0]);
    expect(sent.json).toMatchObject({ receiver: 'ops', about: 'run.failed', policy: 'often', attempt: 1, level: 'debug' });
    second.kill('SIGTERM');
    expect(await second.waitForExit()).toEqual({ code: 0, signal: null });
    expect(first.stdout() + first.stderr() + second.stdout() + second.stderr()).not.toContain('canary-path');
  } finally {
    await hook.close();
    await redis.stop();
  }
});
