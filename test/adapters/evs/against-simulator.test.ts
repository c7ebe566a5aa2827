import { afterEach, describe, expect, it } from 'vitest';
import type { TargetAuth } from '#domain/target';
import { instant } from '#domain/time';
import { startSimulator, type Simulator, type SimulatorOptions } from '#simulator/start-simulator';
import { createFixture, failureOf, gather, manualClock, type Fixture } from './cloud-fixture.ts';

let simulator: Simulator | null = null;
let fixture: Fixture | null = null;
afterEach(async () => {
  await fixture?.cloud.close();
  await simulator?.close();
});

/** At once made, at once gone. */
const instantly = { creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 0, maxMs: 0 } };

async function start(options: SimulatorOptions = {}, more: { auth?: TargetAuth; env?: Record<string, string>; timeoutMs?: number } = {}): Promise<{ cloud: Fixture['cloud']; sim: Simulator }> {
  const sim = await startSimulator({ ...instantly, ...options });
  simulator = sim;
  const { credentials } = sim;
  const auth: TargetAuth = more.auth ?? {
    type: 'password',
    identityEndpoint: sim.identityEndpoint,
    username: credentials.user,
    domain: credentials.domain,
    userDomain: null,
    projectDomain: null,
    projectName: null,
    password: { env: 'PASSWORD' },
    agency: null,
  };
  fixture = createFixture(sim.url, {
    clock: manualClock(instant(Date.now())),
    env: { PASSWORD: credentials.password, ...more.env },
    timeoutMs: more.timeoutMs ?? 5_000,
    target: { api: options.flavour === 'cinder' ? 'cinder-v3' : 'evs-v3', endpoint: sim.evsEndpoint, projectId: sim.projectId, auth },
  });
  return { cloud: fixture.cloud, sim };
}

function request(volumeId: string, force = true) {
  return { volumeId, name: 'nightly', description: null, force, metadata: { snapkeep_run: 'r1' } };
}

describe.each(['evs', 'cinder'] as const)('%s', (flavour) => {
  it('lists, creates, shows, lists again, deletes', async () => {
    const { cloud } = await start({ flavour, volumes: [{ name: 'db-1', metadata: { tier: 'gold' }, tags: { backup: 'nightly' }, status: 'in-use' }] });
    const [volume] = await gather(cloud.volumePages({ withTags: true }));
    expect(volume).toMatchObject({ name: 'db-1', status: 'in-use', tags: flavour === 'evs' ? { backup: 'nightly' } : {} });
    expect(volume?.metadata).toMatchObject({ tier: 'gold' });
    const id = volume?.id ?? '';
    expect(await cloud.showVolume(id)).toEqual(volume);
    const { snapshot, requestId } = await cloud.createSnapshot(request(id));
    expect(requestId).not.toBeNull();
    expect(snapshot).toMatchObject({ volumeId: id, name: 'nightly', metadata: { snapkeep_run: 'r1' } });
    expect(snapshot.createdAt).not.toBeNull();
    expect(await cloud.showSnapshot(snapshot.id)).toMatchObject({ status: 'available' });
    expect(await gather(cloud.snapshotPages({ volumeId: id, status: 'available' }))).toHaveLength(1);
    expect(await cloud.quotas()).toMatchObject({ snapshots: { inUse: 1 }, gigabytes: { limit: null } });
    const { metadata } = snapshot;
    expect(await cloud.addSnapshotMetadata(snapshot.id, { snapkeep_hold: 'true' })).toEqual({ ...metadata, snapkeep_hold: 'true' });
    expect((await cloud.showSnapshot(snapshot.id)).metadata).toEqual({ ...metadata, snapkeep_hold: 'true' });
    const made = await cloud.createVolumeFromSnapshot({ snapshotId: snapshot.id, name: 'back', volumeType: null, sizeGb: 10, availabilityZone: volume?.availabilityZone ?? null, metadata: { snapkeep_restore: 'x1' } });
    expect(made).toMatchObject({ name: 'back', metadata: { snapkeep_restore: 'x1' } });
    await cloud.deleteSnapshot(snapshot.id);
    expect(await failureOf(cloud.showSnapshot(snapshot.id))).toMatchObject({ kind: 'not_found', httpStatus: 404 });
    expect(await failureOf(cloud.deleteSnapshot(snapshot.id))).toMatchObject({ kind: 'not_found' });
  });

  it('refusals mean what they should', async () => {
    const { cloud, sim } = await start({ flavour, volumes: [{ name: 'a', status: 'in-use' }], projectSnapshotQuota: 1 });
    const id = sim.volumes()[0]?.id ?? '';
    expect(await failureOf(cloud.createSnapshot(request(id, false)))).toMatchObject({ kind: 'invalid', httpStatus: 400, message: expect.stringMatching(/\(volume in use, force not set\)$/) as unknown });
    for (const status of ['attaching', 'extending', 'backing-up', 'creating']) {
      sim.setVolumeStatus('a', status);
      expect(await failureOf(cloud.createSnapshot(request(id)))).toMatchObject({ kind: 'conflict', httpStatus: 400 });
    }
    sim.setVolumeStatus('a', 'error');
    expect(await failureOf(cloud.createSnapshot(request(id)))).toMatchObject({ kind: 'invalid' });
    sim.setVolumeStatus('a', 'available');
    await cloud.createSnapshot(request(id));
    expect(await failureOf(cloud.createSnapshot(request(id)))).toMatchObject({ kind: 'quota', httpStatus: 413, retryAfterMs: null });
    sim.removeVolume('a');
    expect(await failureOf(cloud.createSnapshot(request(id)))).toMatchObject({ kind: 'not_found', httpStatus: 404 });
  });

  it.each(['commit-then-504', 'commit-then-reset', 'malformed-json', 'truncated-body'] as const)('after %s the outcome is unknown, and the snapshot is there', async (kind) => {
    const { cloud, sim } = await start({ flavour, volumes: 1, faults: [{ operation: 'create', times: 1, effect: { kind } }] });
    const id = sim.volumes()[0]?.id ?? '';
    expect(await failureOf(cloud.createSnapshot(request(id)))).toMatchObject({ outcomeUnknown: true });
    expect(await gather(cloud.snapshotPages({ volumeId: id }))).toMatchObject([{ metadata: { snapkeep_run: 'r1' } }]);
    expect(sim.snapshots()).toHaveLength(1);
  });

  it('throttling, gateway pages, no answer', async () => {
    const { cloud } = await start(
      {
        flavour,
        volumes: 1,
        faults: [
          { operation: 'list', nth: 1, effect: { kind: 'code', code: 'APIGW.0308' } },
          { operation: 'list', nth: 2, effect: { kind: 'html-502' } },
          { operation: 'list', nth: 3, effect: { kind: 'hang' } },
        ],
      },
      { timeoutMs: 300 },
    );
    expect(await failureOf(gather(cloud.snapshotPages({})))).toMatchObject({ kind: 'throttled', httpStatus: 429, code: 'APIGW.0308', retryAfterMs: 1_000 });
    expect(await failureOf(gather(cloud.snapshotPages({})))).toMatchObject({ kind: 'transient', httpStatus: 502, code: 'HTTP_502' });
    expect(await failureOf(gather(cloud.snapshotPages({})))).toMatchObject({ kind: 'transient', httpStatus: null, code: 'timeout' });
    expect(await gather(cloud.snapshotPages({}))).toEqual([]);
  });

  it('tokens that end mid-way cost one login more and no call', async () => {
    const { cloud, sim } = await start({ flavour, volumes: 20 });
    const ids = sim.volumes().map(({ id }) => id);
    await cloud.createSnapshot(request(ids[0] ?? ''));
    sim.expireTokens();
    await Promise.all(ids.map(async (id) => cloud.createSnapshot(request(id))));
    expect(sim.snapshots()).toHaveLength(21);
    expect(sim.ledger.requests({ operation: 'auth' })).toHaveLength(2);
  });

  it('reads 2,500 snapshots, and goes on when some are deleted meanwhile', async () => {
    const { cloud, sim } = await start({ flavour, volumes: [{ name: 'a' }], snapshotsPerVolume: null });
    for (let index = 0; index < 2_500; index += 1) sim.putSnapshot({ volume: 'a', createdAt: 1_700_000_000_000 + index * 1_000 });
    expect(await gather(cloud.snapshotPages({}))).toHaveLength(2_500);
    const found: string[] = [];
    for await (const page of cloud.snapshotPages({})) {
      found.push(...page.map(({ id }) => id));
      if (found.length === 1_000) await Promise.all(page.slice(-3).map(async ({ id }) => cloud.deleteSnapshot(id)));
    }
    expect(new Set(found).size).toBe(2_500);
  });
});

describe('access key', () => {
  const auth: TargetAuth = { type: 'aksk', accessKey: { env: 'AK' }, secretKey: { env: 'SK' }, securityToken: null };
  const keys = { AK: 'SIMULATORACCESSKEY01', SK: 'SimulatorSecretKey0000000000000000000001' };

  it('signs so that another implementation agrees', async () => {
    const { cloud, sim } = await start({ volumes: [{ name: 'dü (b)' }] }, { auth, env: keys });
    const id = sim.volumes()[0]?.id ?? '';
    const { snapshot } = await cloud.createSnapshot({ ...request(id), name: 'nächtlich (1)*', metadata: { a: 'é !' } });
    expect(snapshot.name).toBe('nächtlich (1)*');
    expect(await gather(cloud.snapshotPages({ volumeId: id, status: 'available' }))).toHaveLength(1);
    expect(await gather(cloud.volumePages({ withTags: true }))).toHaveLength(1);
    await cloud.deleteSnapshot(snapshot.id);
  });

  it('a wrong key is auth', async () => {
    const { cloud } = await start({ volumes: 1 }, { auth, env: { ...keys, SK: 'wrong' } });
    expect(await failureOf(cloud.quotas())).toMatchObject({ kind: 'auth', httpStatus: 401, code: 'APIGW.0301' });
  });
});

it('an agency\'s role is taken', async () => {
  const sim = await startSimulator({ agencies: [{ domain: 'customer', name: 'backup' }], volumes: 1 });
  simulator = sim;
  fixture = createFixture(sim.url, {
    env: { PASSWORD: sim.credentials.password },
    target: {
      projectId: sim.projectId,
      auth: {
        type: 'password',
        identityEndpoint: sim.identityEndpoint,
        username: sim.credentials.user,
        domain: sim.credentials.domain,
        userDomain: null,
        projectDomain: null,
        projectName: null,
        password: { env: 'PASSWORD' },
        agency: { domain: 'customer', name: 'backup' },
      },
    },
  });
  expect(await gather(fixture.cloud.volumePages({ withTags: false }))).toHaveLength(1);
});
