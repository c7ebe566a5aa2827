import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import { DAY, addMs, instant, isoSeconds } from '#domain/time';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { SnapkeepProcess } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import type { TempDir } from '../support/temp-dir.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

const DUE = instant(Date.parse('2026-11-20T02:00:00Z'));
/** Nobody listens there: these commands can do without Redis. */
const NO_REDIS = 'redis://127.0.0.1:1';

interface Place {
  readonly cloud: Simulator;
  readonly dir: TempDir;
  readonly file: string;
}

let place: Place;

/** Three volumes under a policy, one under none, and five nights of snapshots of the first. */
async function build(options: SimulatorOptions = {}): Promise<Place> {
  const names = ['vol-0001', 'vol-0002', 'vol-0003', 'tmp-1'];
  const cloud = await startSimulator({ volumes: names.map((name) => ({ name })), creation: { minMs: 300, maxMs: 400 }, snapshotsPerVolume: null, ...options });
  for (let night = 0; night < 5; night += 1) {
    const due = addMs(DUE, night * DAY);
    const metadata = ownedMetadata({ instance: 'e2e', policy: 'often', due, runId: `r${String(night).padStart(32, '0')}` });
    cloud.putSnapshot({ volume: 'vol-0001', name: `night-${night}`, metadata, createdAt: due });
  }
  const dir = await tempDir('plan-and-restore');
  return { cloud, dir, file: await policyFile(dir.path, cloud, { cron: '0 2 * * *' }) };
}

beforeAll(async () => {
  place = await build();
});

afterAll(async () => {
  await place.cloud.close();
  await place.dir.remove();
});

function start(...args: string[]): SnapkeepProcess {
  return spawnSnapkeep([...args, '--config', place.file, '--redis', NO_REDIS], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
}

async function snapkeep(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = start(...args);
  const { code } = await child.waitForExit(30_000);
  return { code, stdout: child.stdout(), stderr: child.stderr() };
}

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>;

describe('plan', { timeout: 60_000 }, () => {
  test('--json has the documented shape, and only reads', async () => {
    const { code, stdout, stderr } = await snapkeep('plan', '--from', '2026-11-25T02:00:00Z', '--horizon', '2d', '--json');

    expect(code).toBe(0);
    expect(stderr).toContain('going on without it');
    const volume = (name: string): object => ({ id: place.cloud.volumes().find((each) => each.name === name)?.id, name, snapshotName: `often-${name}-20261125T020000Z`, startsAt: '2026-11-25T02:00:00Z' });
    expect(json(stdout)).toEqual({
      from: '2026-11-25T02:00:00Z',
      to: '2026-11-27T02:00:00Z',
      dueTimes: ['25', '26'].map((day) => ({ policy: 'often', due: `2026-11-${day}T02:00:00Z`, local: `2026-11-${day}T02:00:00+00:00`, note: null })),
      policies: [
        {
          policy: 'often',
          target: 'simulated',
          nextDue: '2026-11-25T02:00:00Z',
          volumes: ['vol-0003', 'vol-0002', 'vol-0001'].map(volume),
          prune: [4, 3, 2, 1, 0].map((night) => ({
            snapshotId: expect.any(String),
            volumeId: place.cloud.volumes()[0]?.id,
            createdAt: isoSeconds(addMs(DUE, night * DAY)),
            action: 'keep',
            reasons: night === 4 ? ['last', 'newest good'] : ['last'],
          })),
          brake: null,
          apiCalls: 5,
          estimatedSeconds: 1,
        },
      ],
      unprotectedVolumes: [{ target: 'simulated', id: place.cloud.volumes().find(({ name }) => name === 'tmp-1')?.id, name: 'tmp-1' }],
      failedTargets: [],
      warnings: [],
    });
    expect(place.cloud.ledger.requests().filter(({ method, path }) => method !== 'GET' && !path.includes('/auth/tokens'))).toEqual([]);
  });

  test('for people: due times, volumes, prune, cost, and the volumes under no policy', async () => {
    const { code, stdout } = await snapkeep('plan', 'often', '--from', '2026-11-25T02:00:00Z');

    expect(code).toBe(0);
    expect(stdout).toContain('often (target simulated): 7 due times, next 2026-11-25T02:00:00Z');
    expect(stdout).toContain('… and 2 more due times');
    expect(stdout).toContain('the next firing would snapshot 3 volumes:');
    expect(stdout).toMatch(/keep {4}\S+ +\S+ +2026-11-24T02:00:00Z +last, newest good/);
    expect(stdout).toContain('5 API calls, at least 1s at no limit of requests and 20 creates at once');
    expect(stdout).toMatch(/1 volume under no policy:\n.*\n +simulated +tmp-1/);
  });

  test('--offline asks neither cloud nor Redis', async () => {
    const before = place.cloud.ledger.requests().length;
    const { code, stdout, stderr } = await snapkeep('plan', '--offline', '--from', '2026-11-25', '--json');

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(json(stdout)).toMatchObject({ policies: [{ policy: 'often', volumes: [], apiCalls: null }] });
    expect(place.cloud.ledger.requests()).toHaveLength(before);
  });

  test.each([
    [['--horizon', '7'], '--horizon is a duration such as 7d, at most 366d, not 7'],
    [['--from', 'soon'], '--from is an instant (2026-11-24T02:00:00Z), a day (2026-11-24) or a duration back from now (24h), not soon'],
    [['nobody'], 'no policy is called nobody; there are: often'],
  ])('%j is wrong usage', async (flags, message) => {
    const { code, stderr } = await snapkeep('plan', '--offline', ...flags);
    expect({ code, stderr }).toEqual({ code: 2, stderr: `snapkeep: ${message}\n` });
  });

  test('a target that refuses: the due times all the same, and exit code 1', async () => {
    const child = spawnSnapkeep(['plan', '--config', place.file, '--redis', NO_REDIS, '--json'], { env: { [PASSWORD_VARIABLE]: 'wrong' } });
    expect(await child.waitForExit(30_000)).toEqual({ code: 1, signal: null });
    expect(child.stderr()).toMatch(/target simulated did not list everything: 401 /);
    expect(json(child.stdout())).toMatchObject({ failedTargets: [{ target: 'simulated' }], policies: [{ policy: 'often', volumes: [] }] });
  });
});

describe('restore', { timeout: 60_000 }, () => {
  const nightly = ['--policy', 'often', '--volume', 'vol-0001', '--at', '2026-11-22T12:00:00Z'];

  test('by policy and instant: a new volume, available, the others as they were', async () => {
    const before = place.cloud.volumes();
    const { code, stdout } = await snapkeep('restore', ...nightly, '--name', 'back', '--type', 'SAS', '--json');

    expect(code).toBe(0);
    const made = place.cloud.volumes().find(({ name }) => name === 'back');
    expect(json(stdout)).toEqual({ snapshotId: made?.snapshotId, volumeId: made?.id, name: 'back', status: 'available', sizeGb: 10, seconds: expect.any(Number) });
    expect(made).toMatchObject({ volumeType: 'SAS', availabilityZone: 'eu-west-101a', metadata: { snapkeep_restore: expect.any(String) } });
    expect(place.cloud.snapshots().find(({ id }) => id === made?.snapshotId)?.name).toBe('night-2');
    expect(place.cloud.volumes().filter(({ id }) => id !== made?.id)).toEqual(before);
  });

  test('by id, a foreign one too, for people', async () => {
    const { id } = place.cloud.putSnapshot({ volume: 'vol-0002', name: 'by hand' });
    const { code, stdout } = await snapkeep('restore', id);

    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^snapshot ${id} of volume \\S+ on simulated: not made by snapkeep, 10 GB\nvolume (\\S+) \\(restored-by hand\\) is being made; no other volume is touched\nvolume \\1 \\(restored-by hand\\) is available: 10 GB in eu-west-101a, after \\d+s\n$`));
  });

  test('a lost answer makes one volume', async () => {
    place.cloud.faults.add({ operation: 'volumes.create', times: 1, effect: { kind: 'commit-then-504' } });
    const { code, stdout } = await snapkeep('restore', ...nightly, '--name', 'once', '--json');

    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ name: 'once', status: 'available' });
    expect(place.cloud.volumes().filter(({ name }) => name === 'once')).toHaveLength(1);
  });

  test('what cannot be made: refused by the cloud, ended in error, not there', async () => {
    place.cloud.faults.add({ operation: 'volumes.create', times: 1, effect: { kind: 'code', code: 'EVS.5413', message: 'Insufficient volume quota.' } });
    const refused = await snapkeep('restore', ...nightly);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/the cloud made no volume: 413 EVS\.5413 Insufficient volume quota\./) });

    place.cloud.changeSettings({ creation: { minMs: 60_000, maxMs: 60_000 } });
    const child = start('restore', ...nightly, '--name', 'broken');
    await child.waitForLine(({ text }) => text.includes('is being made'), 30_000);
    place.cloud.setVolumeStatus('broken', 'error');
    expect(await child.waitForExit(30_000)).toEqual({ code: 1, signal: null });
    expect(child.stderr()).toMatch(/volume \S+ ended as error: the cloud could not make it from snapshot/);

    const unknown = await snapkeep('restore', '11111111-1111-4111-8111-111111111111');
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('no snapshot has the id 11111111-1111-4111-8111-111111111111 in simulated') });
  });

  test('Ctrl-C says which volume is being made', async () => {
    place.cloud.changeSettings({ creation: { minMs: 60_000, maxMs: 60_000 } });
    const child = start('restore', ...nightly, '--name', 'waited-for');
    await child.waitForLine(({ text }) => text.includes('is being made'), 30_000);
    child.kill('SIGINT');
    expect(await child.waitForExit(10_000)).toEqual({ code: 1, signal: null });
    const id = place.cloud.volumes().find(({ name }) => name === 'waited-for')?.id ?? '';
    expect(child.stderr()).toContain(`interrupted; volume ${id} goes on being made, and snapkeep does nothing more with it`);
  });

  test.each([
    [[], 'give the id of a snapshot, or all of --policy, --volume and --at'],
    [['s1', '--at', '24h'], 'give the id of a snapshot, or --policy, --volume and --at, not both'],
    [['s1', '--target', 'x'], 'no target is called x; there are: simulated'],
    [['--policy', 'often', '--volume', 'v', '--at', 'noon'], '--at is an instant (2026-11-24T02:00:00Z), a day (2026-11-24, its start) or a duration back from now (24h), not noon'],
  ])('%j is wrong usage', async (flags, message) => {
    const { code, stderr } = await snapkeep('restore', ...flags);
    expect(code).toBe(2);
    expect(stderr).toContain(`snapkeep: ${message}\n`);
  });
});
