import { execFile } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import type { CloudUnderTest } from '../conformance/cloud-under-test.ts';
import { givenCloud } from '../conformance/given.ts';
import { openRealCloud } from '../conformance/real-cloud.ts';
import { openSimulatedCloud } from '../conformance/simulated-cloud.ts';
import { adminCredentials, credentials } from './support/open-stack.ts';

// OpenStack's own command line, which nobody here has written: what it makes of the simulated Cinder, and the same commands
// on the real one, so that the one is measured by the other.

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Row {
  readonly ID: string;
  readonly Name: string;
  readonly Status: string;
  readonly Size: number;
}

/** Nothing of the environment's own cloud is left. */
function environment({ identityEndpoint, projectId, credentials: { username, password, domain } }: CloudUnderTest, region: string | undefined): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OS_') && name !== 'CINDER_ENDPOINT'));
  return {
    ...rest,
    OS_AUTH_URL: identityEndpoint,
    OS_IDENTITY_API_VERSION: '3',
    OS_VOLUME_API_VERSION: '3',
    OS_USERNAME: username,
    OS_PASSWORD: password,
    OS_USER_DOMAIN_NAME: domain,
    OS_PROJECT_ID: projectId,
    ...(region === undefined ? {} : { OS_REGION_NAME: region }),
  };
}

async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Ended> {
  return new Promise((resolve, reject) => {
    execFile('openstack', [...args], { env, timeout: 60_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(new Error(`openstack ${args.join(' ')} did not end by itself: ${stderr}`, { cause: error }));
    });
  });
}

function commandLine(open: () => Promise<CloudUnderTest>, region: string | undefined): void {
  const given = givenCloud(open);

  const openstack = (...args: readonly string[]) => run(args, environment(given.cloud, region));

  async function json<T>(...args: readonly string[]): Promise<T> {
    const { code, stdout, stderr } = await openstack(...args, '-f', 'json');
    expect([code, stderr]).toEqual([0, '']);
    return JSON.parse(stdout) as T;
  }

  test('lists volumes, makes a snapshot, shows, lists and deletes it', async () => {
    const volumeId = await given.cloud.addVolume('cli');
    const volumes = await json<readonly Row[]>('volume', 'list');
    expect(volumes.filter(({ ID }) => ID === volumeId)).toEqual([{ ID: volumeId, Name: 'conf-cli', Status: 'available', Size: 1, 'Attached to': [] }]);

    const options = ['--property', 'run=r1', '--property', 'note=a b', '--description', 'by hand'];
    const made = await json<Record<string, unknown>>('volume', 'snapshot', 'create', '--volume', 'conf-cli', ...options, 'conf-one');
    expect(made).toMatchObject({ name: 'conf-one', description: 'by hand', volume_id: volumeId, size: 1, status: 'creating', updated_at: null, properties: { run: 'r1', note: 'a b' } });
    await given.raw.reached(String(made['id']), 'available');

    const shown = await json<Record<string, unknown>>('volume', 'snapshot', 'show', 'conf-one');
    expect(Object.keys(shown)).toEqual([
      'created_at',
      'description',
      'id',
      'name',
      'os-extended-snapshot-attributes:progress',
      'os-extended-snapshot-attributes:project_id',
      'properties',
      'size',
      'status',
      'updated_at',
      'volume_id',
    ]);
    expect(shown).toMatchObject({ id: made['id'], status: 'available', properties: { run: 'r1', note: 'a b' }, 'os-extended-snapshot-attributes:progress': '100%' });
    const row = { ID: made['id'], Name: 'conf-one', Description: 'by hand', Status: 'available', Size: 1 };
    expect(await json('volume', 'snapshot', 'list', '--volume', volumeId)).toEqual([row]);

    expect(await openstack('volume', 'snapshot', 'set', '--property', 'run=r2', '--name', 'conf-uno', 'conf-one')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(await json('volume', 'snapshot', 'show', 'conf-uno')).toMatchObject({ id: made['id'], properties: { run: 'r2', note: 'a b' } });

    expect(await openstack('volume', 'snapshot', 'delete', 'conf-uno')).toEqual({ code: 0, stdout: '', stderr: '' });
    await given.raw.gone(String(made['id']));
    expect(await json('volume', 'snapshot', 'list', '--volume', volumeId)).toEqual([]);
    expect(await openstack('volume', 'snapshot', 'show', 'conf-uno')).toEqual({ code: 1, stdout: '', stderr: "No snapshot with a name or ID of 'conf-uno' exists.\n" });
  });

  test('a volume in use: with --force it is made, without it the message of the server is printed', async () => {
    const volumeId = await given.cloud.addVolume('cli-attached');
    await given.cloud.setVolumeStatus(volumeId, 'in-use');
    const create = ['volume', 'snapshot', 'create', '--volume', volumeId];

    const refused = await openstack(...create, 'conf-two');
    expect([refused.code, refused.stdout]).toEqual([1, '']);
    expect(refused.stderr).toMatch(
      new RegExp(
        `^Invalid volume: Volume ${volumeId} status must be available, but current status is: in-use\\. ` +
          '\\(HTTP 400\\) \\(Request-ID: req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\\)\\n$',
      ),
    );

    const forced = [await json<{ id: string }>(...create, '--force', 'conf-two'), await json<{ id: string }>(...create, '--force', 'conf-two')];
    expect(forced).toMatchObject([{ name: 'conf-two', status: 'creating', properties: {} }, { name: 'conf-two' }]);
    const ambiguous = await openstack('volume', 'snapshot', 'show', 'conf-two');
    expect(ambiguous).toEqual({ code: 1, stdout: '', stderr: "More than one snapshot exists with the name 'conf-two'.\n" });
  });

  test('a wrong password', async () => {
    const wrong = { ...given.cloud, credentials: { ...given.cloud.credentials, password: 'not-this-one' } };
    const ended = await run(['volume', 'list'], environment(wrong, region));
    expect([ended.code, ended.stdout]).toEqual([1, '']);
    expect(ended.stderr).toMatch(/^The request you have made requires authentication\. \(HTTP 401\) \(Request-ID: req-[0-9a-f-]{36}\)\n$/);
  });
}

describe('the openstack client on a simulated Cinder', () => {
  commandLine(() => openSimulatedCloud('cinder'), 'RegionOne');
});

// Projects and the states of volumes are an admin's.
describe.skipIf(adminCredentials === null)('the openstack client on a real Cinder', () => {
  const { identityEndpoint, endpoint, userDomain, projectId } = credentials;
  const admin = { username: '', password: '', ...adminCredentials, projectId };
  commandLine(() => openRealCloud({ identityEndpoint, endpoint, domain: userDomain, admin }), process.env['OS_REGION_NAME']);
});
