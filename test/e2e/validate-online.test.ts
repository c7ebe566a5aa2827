import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

let cloud: Simulator;
let dir: TempDir;
let file: string;

beforeAll(async () => {
  cloud = await startSimulator({ volumes: 3, projectSnapshotQuota: 10 });
  dir = await tempDir('validate-online');
  file = await policyFile(dir.path, cloud, { cron: '0 2 * * *' });
});

afterAll(async () => {
  await cloud.close();
  await dir.remove();
});

async function validate(flags: readonly string[] = [], password = 'simulator'): Promise<{ code: number | null; stdout: string }> {
  const child = spawnSnapkeep(['validate', '--online', file, ...flags], { env: { [PASSWORD_VARIABLE]: password } });
  const { code } = await child.waitForExit(30_000);
  return { code, stdout: child.stdout() };
}

describe('validate --online', { timeout: 60_000 }, () => {
  test('a cloud that can be worked with: what is there, exit code 0, and nothing was written', async () => {
    const { code, stdout } = await validate();
    expect(code).toBe(0);
    expect(stdout).toContain('target simulated: logged in, 3 volumes, 0 snapshots, the quota allows 10 more snapshots;');
    expect(cloud.ledger.requests().filter(({ method, path }) => method !== 'GET' && !path.includes('/auth/tokens'))).toEqual([]);
  });

  test('a right that is missing: a problem at the target, exit code 1', async () => {
    cloud.faults.add({ operation: 'list', times: 1, effect: { kind: 'code', code: 'EVS.5403', message: 'Policy check failed.', status: 403 } });
    const { code, stdout } = await validate(['--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual({
      valid: false,
      problems: [{ severity: 'error', file, line: 4, column: 5, path: 'targets[0]', message: 'target simulated: its snapshots cannot be listed: 403 EVS.5403 Policy check failed.; the user needs evs:snapshots:list' }],
      targets: [{ target: 'simulated', loggedIn: true, volumes: 3, snapshots: null, snapshotsLeft: 10, gigabytesLeft: null }],
    });
  });

  test('a wrong password: exit code 1', async () => {
    const { code, stdout } = await validate([], 'wrong');
    expect(code).toBe(1);
    expect(stdout).toMatch(/policies\.yaml:4:5: targets\[0\]: target simulated: the log-in failed: 401 /);
    expect(stdout).toContain('target simulated: not logged in');
  });

  test('a quota too small is a warning at the target, which fails under --strict', async () => {
    cloud.changeSettings({ projectSnapshotQuota: 2 });
    const { code, stdout } = await validate();
    expect(code).toBe(0);
    expect(stdout).toMatch(/targets\[0\]: warning: target simulated: its quota leaves 2 snapshots, and one firing of each of its policies takes 3/);
    expect((await validate(['--strict'])).code).toBe(1);
  });

  test('invalid files are not taken to the cloud: exit code 2', async () => {
    const before = cloud.ledger.requests().length;
    const broken = await policyFile(dir.path, cloud, { cron: '61 * * * *' });
    const child = spawnSnapkeep(['validate', '--online', broken], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
    expect(await child.waitForExit(30_000)).toEqual({ code: 2, signal: null });
    expect(child.stdout()).toContain('minute 61 does not exist');
    expect(cloud.ledger.requests()).toHaveLength(before);
  });
});
