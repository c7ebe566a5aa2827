import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadPolicies } from '#config/load-policies';
import { DAY, HOUR, instant, MINUTE, SECOND } from '#domain/time';

const folder = 'test/fixtures/valid';
const now = instant(Date.UTC(2026, 10, 24));

async function load(path: string) {
  const result = await loadPolicies([path], { now });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result;
}

const examples = readdirSync('config').filter((file) => file.endsWith('.yaml')).map((file) => join('config', file));

describe('valid policy files', () => {
  it.each([...readdirSync(folder).map((file) => join(folder, file)), ...examples])('%s is taken', async (file) => {
    await expect(load(file)).resolves.toMatchObject({ ok: true });
  });

  it.each(examples)('%s, an example, loads without a warning', async (file) => {
    expect((await load(file)).warnings).toEqual([]);
  });

  it('every key reaches its place', async () => {
    const { set } = await load(join(folder, 'every-key.yaml'));

    expect(set.instance).toBe('prod-backup');
    expect(set.targets).toEqual([
      {
        name: 'eu-prod',
        api: 'evs-v3',
        endpoint: 'https://evs.eu-west-101.myhuaweicloud.com',
        projectId: '0970dd9c1a0026a62fddc0038c52b5eb',
        auth: {
          type: 'password',
          identityEndpoint: 'https://iam.eu-west-101.myhuaweicloud.com/v3',
          username: 'backup-bot',
          domain: 'acme',
          userDomain: 'users',
          projectDomain: 'projects',
          projectName: 'eu-west-101',
          password: { file: '/var/run/secrets/snapkeep/eu-prod' },
          agency: { domain: 'other', name: 'backup' },
        },
        limits: { requestsPerSecond: 0.5, concurrentCreates: 20, snapshotsPerVolume: 7 },
        caFile: '/etc/ca.pem',
        timeout: 45 * SECOND,
      },
      {
        name: 'signed',
        api: 'evs-v3',
        endpoint: 'https://evs.eu-west-101.myhuaweicloud.com',
        projectId: '0970dd9c1a0026a62fddc0038c52b5eb',
        auth: { type: 'aksk', accessKey: { env: 'AK' }, secretKey: { env: 'SK' }, securityToken: { file: '/run/token' } },
        limits: { requestsPerSecond: null, concurrentCreates: 20, snapshotsPerVolume: 7 },
        caFile: null,
        timeout: 30 * SECOND,
      },
      {
        name: 'lab',
        api: 'cinder-v3',
        endpoint: 'https://cinder.example/volume',
        projectId: '8d2f4d8aa9c14a9b9a9f0b2f7a4e6c11',
        auth: { type: 'token', token: { file: '/run/token' } },
        limits: { requestsPerSecond: null, concurrentCreates: 20, snapshotsPerVolume: null },
        caFile: null,
        timeout: 30 * SECOND,
      },
    ]);
    expect(set.policies).toEqual([
      {
        name: 'nightly-db',
        target: 'eu-prod',
        paused: true,
        schedule: { cron: ['0 2 * * *'], timezone: 'America/Sao_Paulo', spread: 30 * MINUTE, catchUp: 'all', catchUpWindow: 6 * HOUR },
        volumes: {
          ids: ['33e79572-0704-4a6d-b19c-34ec04a3497f'],
          match: {
            name: ['db-*'],
            tags: { backup: ['nightly'] },
            metadata: { tier: ['gold', 'silver'] },
            availabilityZone: ['eu-west-101a'],
            status: ['available', 'in-use'],
          },
          exclude: { tags: { 'backup-exempt': ['true'] } },
        },
        snapshot: {
          name: '{policy}-{volume}-{due}',
          description: 'Nightly database snapshot',
          force: true,
          metadata: { team: 'payments', costcentre: '4711' },
        },
        retention: { last: 3, hourly: 0, daily: 3, weekly: 0, monthly: 0, yearly: 0, within: 0, orphans: 'expire' },
        retry: { attempts: 5, backoff: { initial: 10 * SECOND, max: 10 * MINUTE }, grace: 30 * SECOND, deadline: 4 * HOUR },
        rpo: 26 * HOUR,
        heartbeat: { url: { env: 'HEARTBEAT_URL' } },
        revision: expect.stringMatching(/^[0-9a-f]{12}$/),
      },
    ]);
    expect(set.notifications).toEqual([
      {
        name: 'ops',
        url: { file: '/run/hook' },
        format: 'slack',
        secret: { env: 'HOOK_SECRET' },
        events: ['run.failed', 'volume.overdue', 'volume.recovered', 'prune.braked', 'config.refused'],
        policies: ['nightly-*'],
      },
    ]);
  });

  it('what a file leaves out is filled in', async () => {
    const { set } = await load(join(folder, 'anchors.yaml'));

    expect(set.targets[0]?.endpoint).toBe('http://127.0.0.1:8776');
    expect(set.policies[1]).toEqual({
      name: 'two',
      target: 'eu',
      paused: false,
      schedule: { cron: ['0 2 * * *'], timezone: 'Europe/Berlin', spread: 0, catchUp: 'latest', catchUpWindow: DAY },
      volumes: { ids: [], match: { name: ['*'] }, exclude: null },
      snapshot: { name: '{policy}-{volume}-{due}', description: null, force: false, metadata: {} },
      retention: null,
      retry: { attempts: 5, backoff: { initial: 10 * SECOND, max: 10 * MINUTE }, grace: 30 * SECOND, deadline: 4 * HOUR },
      // 1.1 times the 25 hours of the day on which the clocks go back.
      rpo: 27.5 * HOUR,
      heartbeat: null,
      revision: expect.any(String),
    });
  });

  it('defaults are merged key by key, and the policy wins', async () => {
    const { set } = await load(join(folder, 'defaults.yaml'));
    const [plain, special] = set.policies;

    expect(plain?.snapshot).toMatchObject({ force: true, metadata: { team: 'platform', site: 'east' } });
    expect(special?.schedule).toMatchObject({ cron: ['0 3 * * *', '0 15 * * *'], timezone: 'Europe/Berlin' });
    expect(special?.volumes.match).toEqual({ tags: { backup: ['yes'], tier: ['gold'] }, status: ['in-use'] });
    expect(special?.snapshot).toMatchObject({ force: true, metadata: { team: 'payments', site: 'east' } });
    expect(special?.retention).toMatchObject({ last: 3, daily: 2 });
    expect(special?.retry).toMatchObject({ attempts: 2, backoff: { initial: MINUTE, max: 2 * MINUTE } });
    expect(special?.heartbeat).toEqual({ url: { file: '/run/own' } });
  });

  it.each(['crlf.yaml', 'byte-order-mark.yaml'])('%s says the same as without', async (file) => {
    expect((await load(join(folder, file))).set).toEqual((await load(join(folder, 'defaults.yaml'))).set);
  });

  it('text is sent as it is written', async () => {
    const { set } = await load(join(folder, 'unicode.yaml'));

    expect(set.policies[0]?.snapshot.metadata).toEqual({ 'a:b.c/d e-f_g': 'naïve', empty: '', on: 'yes', quoted: '1.10' });
    expect(set.policies[0]?.snapshot.description).toBe('Über Nacht, täglich');
    expect(set.policies[0]?.volumes.match?.name).toEqual(['größe-*', '数据*', '🚀-*']);
  });

  it('a set without policies is told from one with', async () => {
    expect((await load(join(folder, 'minimal.yaml'))).set).toMatchObject({ instance: 'test', targets: [], policies: [], notifications: [] });
  });

  it('the demo is what the demo needs', async () => {
    const { set } = await load('config/demo.yaml');

    expect(set).toMatchObject({
      instance: 'demo',
      targets: [{ name: 'simulated', api: 'evs-v3', auth: { username: 'backup-bot', domain: 'demo', password: { env: 'SNAPKEEP_DEMO_PASSWORD' } }, limits: { requestsPerSecond: 50, concurrentCreates: 20, snapshotsPerVolume: 7 } }],
      policies: [
        {
          name: 'every-10s',
          schedule: { cron: ['*/10 * * * * *'], catchUp: 'none' },
          volumes: { ids: [], match: { name: ['vol-*'] } },
          snapshot: { force: true, metadata: { team: 'demo', costcentre: '4711' } },
          retention: { last: 3 },
          retry: { attempts: 4, backoff: { initial: 500, max: 5 * SECOND }, grace: SECOND, deadline: MINUTE },
          rpo: 60 * SECOND,
        },
      ],
    });
  });
});
