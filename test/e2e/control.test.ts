import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../support/redis-process.ts';
import type { RedisServer } from '../support/redis.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

let cloud: Simulator;
let redis: RedisServer;
let dir: TempDir;
let file: string;

beforeAll(async () => {
  cloud = await startSimulator({ volumes: 2, creation: { minMs: 10, maxMs: 20 } });
  redis = await startProcess({});
  dir = await tempDir('control');
  file = await policyFile(dir.path, cloud, { cron: '0 0 1 1 *' });
}, 60_000);

afterAll(async () => {
  await redis.stop();
  await cloud.close();
  await dir.remove();
});

async function snapkeep(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnSnapkeep([...args, '--config', file, '--redis', redis.url], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
  const { code } = await child.waitForExit(30_000);
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('the commands that change something', { timeout: 90_000 }, () => {
  test('trigger --wait makes snapshots through the running service and tells how it went', async () => {
    // Its policy is not due for a year.
    await using service = spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0'], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
    await service.waitForLine(({ json: line }) => line?.['event'] === 'service.started', 30_000);

    const all = await snapkeep('trigger', 'often', '--wait', '--json');
    expect(all).toMatchObject({ code: 0, stderr: '' });
    expect(json(all.stdout)).toMatchObject({ policy: 'often', target: 'simulated', trigger: 'manual', runs: { pending: 0, available: 2, failed: 0, skipped: 0, abandoned: 0 } });
    expect(cloud.ledger.creates()).toHaveLength(2);

    const [volume] = cloud.volumes();
    const one = await snapkeep('trigger', 'often', '--volume', volume?.id ?? '', '--wait');
    expect(one.code).toBe(0);
    expect(one.stdout).toContain('1 available, 0 failed');
    expect(cloud.ledger.creates()).toHaveLength(3);

    const foreign = await snapkeep('trigger', 'often', '--volume', 'no-such-volume', '--wait');
    expect(foreign.code).toBe(1);
    expect(foreign.stderr).toMatch(/^snapkeep: see snapkeep runs often --since \d{4}-/);

    const last = json((await snapkeep('status', '--json')).stdout)['policies'] as { lastFiring: unknown }[];
    expect(last[0]?.lastFiring).toMatchObject({ trigger: 'manual', runs: { failed: 1 } });
  });

  test('prune --dry-run shows what stays and why, and reaches the cloud with the policy\'s own login', async () => {
    const shown = await snapkeep('prune', 'often', '--dry-run', '--json');
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    const { dryRun, policies } = json(shown.stdout) as { dryRun: boolean; policies: { deleted: unknown[]; kept: { reasons: string[] }[] }[] };
    expect(dryRun).toBe(true);
    expect(policies[0]?.deleted).toEqual([]);
    expect(policies[0]?.kept).toHaveLength(3);
    expect(policies[0]?.kept.every(({ reasons }) => reasons.includes('last'))).toBe(true);
  });

  test('prune deletes what no rule keeps, and waits until it is gone', async () => {
    await writeFile(file, (await readFile(file, 'utf8')).replace('last: 6', 'last: 1'));
    const pruned = await snapkeep('prune', '--json');
    expect(pruned).toMatchObject({ code: 0, stderr: '' });
    const policies = json(pruned.stdout)['policies'] as { deleted: { volumeId: string }[]; kept: unknown[] }[];
    expect(policies).toMatchObject([{ policy: 'often', braked: false, brakeReason: null, deleted: [{ volumeId: cloud.volumes()[0]?.id, reasons: ['no rule keeps it'] }], failed: [] }]);
    expect(policies[0]?.kept).toHaveLength(2);
    expect(cloud.snapshots()).toHaveLength(2);
  });

  test('pause shows in status, also of a policy that has never fired, and resume ends it', async () => {
    const paused = async (): Promise<unknown> => (json((await snapkeep('status', '--json')).stdout)['policies'] as { paused: boolean; nextDue: string | null }[]).map((each) => [each.paused, each.nextDue === null]);
    expect(await snapkeep('pause', 'often')).toMatchObject({ code: 0, stdout: 'often is paused: it does not fire until snapkeep resume often\n' });
    expect(await paused()).toEqual([[true, true]]);
    expect(json((await snapkeep('resume', 'often', '--catch-up', '--json')).stdout)).toEqual({ policy: 'often', paused: false, caughtUp: null });
    expect(await paused()).toEqual([[false, false]]);
    expect((await snapkeep('resume', 'often')).stdout).toBe('often was not paused\n');
  });

  test.each(['trigger', 'pause', 'resume'])('%s of an unknown policy is wrong usage and lists those there are', async (command) => {
    expect(await snapkeep(command, 'nightly')).toEqual({ code: 2, stdout: '', stderr: 'snapkeep: no policy is called nightly; there are: often\n' });
  });
});
