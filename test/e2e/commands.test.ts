import path from 'node:path';
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

/** One firing over three volumes, of which one refuses; the tests below only read what it left. */
beforeAll(async () => {
  cloud = await startSimulator({ volumes: 3, creation: { minMs: 10, maxMs: 20 }, faults: [{ operation: 'create', volume: 'vol-0002', effect: { kind: 'code', code: 'EVS.5400', message: 'Invalid volume: no.' } }] });
  redis = await startProcess({});
  dir = await tempDir('commands');
  // Once a minute, and late enough for a slow machine to have started by then.
  const second = new Date(Date.now() + 8_000).getUTCSeconds();
  file = await policyFile(dir.path, cloud, { cron: `${second} * * * * *` });
  await using service = spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0'], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
  await service.waitForLine(({ json }) => json?.['event'] === 'firing.finished', 90_000);
  service.kill('SIGTERM');
  await service.waitForExit(10_000);
}, 120_000);

afterAll(async () => {
  await redis.stop();
  await cloud.close();
  await dir.remove();
});

async function snapkeep(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawnSnapkeep(args);
  const { code } = await child.waitForExit(20_000);
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

const store = (): string[] => ['--config', file, '--redis', redis.url];
const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('the commands that read', { timeout: 60_000 }, () => {
  test('status --json has the documented shape', async () => {
    const { code, stdout } = await snapkeep('status', ...store(), '--json');

    expect(code).toBe(0);
    expect(json(stdout)).toEqual({
      policies: [
        {
          policy: 'often',
          target: 'simulated',
          paused: false,
          nextDue: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
          rpoSeconds: 66,
          rpoLagSeconds: expect.any(Number),
          volumes: 3,
          overdueVolumes: [],
          pruneBraked: null,
          lastFiring: { due: expect.stringMatching(/Z$/), trigger: 'schedule', runs: { pending: 0, available: 2, failed: 1, skipped: 0, abandoned: 0 } },
        },
      ],
    });
  });

  test('status for people names the policy; an unknown policy is wrong usage and lists those there are', async () => {
    const { stdout } = await snapkeep('status', ...store());
    expect(stdout).toContain('often');
    expect(stdout).toContain('2 ok, 1 failed');

    const unknown = await snapkeep('status', 'nightly', ...store());
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toBe('snapkeep: no policy is called nightly; there are: often\n');
  });

  test('runs --json tells the failure with the words of the cloud, and runs show the same run', async () => {
    const { code, stdout } = await snapkeep('runs', 'often', '--outcome', 'failed', ...store(), '--json');
    expect(code).toBe(0);
    const { runs, next } = json(stdout) as { runs: { id: string; due: string }[]; next: unknown };
    const said = { httpStatus: 400, code: 'EVS.5400', message: 'Invalid volume: no.', requestId: expect.stringMatching(/^[0-9a-f]{32}$/) };
    expect(next).toBeNull();
    expect(runs).toEqual([
      {
        id: expect.stringMatching(/^r[0-9a-f]{32}$/),
        policy: 'often',
        target: 'simulated',
        volumeId: cloud.volumes()[1]?.id,
        volumeName: 'vol-0002',
        due: expect.stringMatching(/Z$/),
        trigger: 'schedule',
        outcome: 'failed',
        snapshotId: null,
        snapshotName: expect.stringMatching(/^often-vol-0002-\d{8}T\d{6}Z$/),
        adopted: false,
        finishedAt: expect.stringMatching(/Z$/),
        failure: { kind: 'invalid', ...said },
        attempts: [{ at: expect.stringMatching(/Z$/), result: 'failed', ...said }],
      },
    ]);

    const shown = await snapkeep('runs', 'show', runs[0]?.id ?? '', ...store(), '--json');
    expect(json(shown.stdout)).toEqual(runs[0]);
    const people = await snapkeep('runs', 'show', runs[0]?.id ?? '', ...store());
    expect(people.stdout).toContain('EVS.5400: Invalid volume: no.');
  });

  test('runs come in pages that together hold each run once', async () => {
    const seen: string[] = [];
    let after: string[] = [];
    for (let page = 0; page < 5; page += 1) {
      const { stdout } = await snapkeep('runs', '--limit', '2', ...after, ...store(), '--json');
      const { runs, next } = json(stdout) as { runs: { volumeId: string }[]; next: string | null };
      seen.push(...runs.map(({ volumeId }) => volumeId));
      if (next === null) break;
      after = ['--after', next];
    }

    expect(seen.toSorted()).toEqual(cloud.volumes().map(({ id }) => id).toSorted());
  });

  test.each([
    [['--limit', '0'], '--limit is a whole number from 1 to 1000, not 0'],
    [['--limit', 'many'], '--limit is a whole number from 1 to 1000, not many'],
    [['--outcome', 'broken'], '--outcome is one of pending, available, failed, skipped, abandoned, not broken'],
    [['--since', 'yesterday'], '--since is a duration (24h) or an instant (2026-11-24T02:00:00Z), not yesterday'],
    [['--after', 'x'], '--after: not the `next` of an earlier answer'],
  ])('runs %j is wrong usage', async (flags, message) => {
    const { code, stderr } = await snapkeep('runs', ...flags, ...store());

    expect({ code, stderr }).toEqual({ code: 2, stderr: `snapkeep: ${message}\n` });
  });

  test('a run that is not there, a Redis that is not there, and a command that is not there', async () => {
    const noRun = await snapkeep('runs', 'show', 'r0', ...store());
    expect(noRun.code).toBe(1);
    expect(noRun.stderr).toContain('no run has the id r0');

    const noRedis = await snapkeep('status', '--config', file, '--redis', 'redis://user:hidden@127.0.0.1:1');
    expect(noRedis.code).toBe(1);
    expect(noRedis.stderr).toContain('Redis at redis://127.0.0.1:1/0 does not answer');
    expect(noRedis.stderr).not.toContain('hidden');

    const noCommand = await snapkeep('backup');
    expect(noCommand.code).toBe(2);
    expect(noCommand.stderr).toContain("unknown command 'backup'");
  });

  test('flags have environment twins', async () => {
    const child = spawnSnapkeep(['status', '--json'], { env: { SNAPKEEP_CONFIG: file, SNAPKEEP_REDIS: redis.url } });

    expect(await child.waitForExit(20_000)).toEqual({ code: 0, signal: null });
    expect(json(child.stdout())).toMatchObject({ policies: [{ policy: 'often' }] });
  });

  test('the examples in config/ are valid, also under --strict', async () => {
    for (const example of ['example-evs', 'example-cinder', 'demo']) {
      const { code, stdout } = await snapkeep('validate', '--strict', path.join('config', `${example}.yaml`));
      expect({ example, code, stdout }).toMatchObject({ code: 0 });
    }
  });

  test('schema prints JSON Schema', async () => {
    const { code, stdout } = await snapkeep('schema');

    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
  });
});
