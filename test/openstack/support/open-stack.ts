import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { waitFor } from '../../support/wait-for.ts';

const execute = promisify(execFile);

/** What the suite makes is called so; whatever is still there when it starts is of a run that was cut off. */
export const OURS = 'snapkeep-suite-';

/** A snapshot as Cinder shows it. */
export interface CloudSnapshot {
  readonly id: string;
  readonly name: string;
  readonly description: string | null;
  readonly volume_id: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A volume as Cinder shows it. */
export interface CloudVolume {
  readonly id: string;
  readonly name: string;
  readonly status: string;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Login {
  readonly token: string;
  readonly projectName: string;
  readonly projectDomain: string;
}

/** Where the OpenStack is and who we are there, from the variables of an openrc file. */
export const credentials = {
  identityEndpoint: wanted('OS_AUTH_URL'),
  username: wanted('OS_USERNAME'),
  password: wanted('OS_PASSWORD'),
  userDomain: process.env['OS_USER_DOMAIN_NAME'] ?? 'Default',
  projectId: wanted('OS_PROJECT_ID'),
  /** Base URL of Cinder, without `/v3` and the project's id. */
  endpoint: wanted('CINDER_ENDPOINT').replace(/\/v3(\/.*)?$/, ''),
};

/** A second user, who may set quotas; null where nobody told us one. */
export const adminCredentials =
  process.env['OPENSTACK_ADMIN_USERNAME'] === undefined
    ? null
    : { username: process.env['OPENSTACK_ADMIN_USERNAME'], password: wanted('OPENSTACK_ADMIN_PASSWORD') };

function wanted(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new Error(`${name} is not set: run this suite with npm run test:openstack`);
  return value;
}

/** One answer for a request that did not go well. */
class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(status: number, what: string) {
    super(`${what}: ${status}`);
    this.status = status;
  }
}

/** What the suite itself sees of and does to the cloud. It shares no code with the product: it is the independent judge. */
export class OpenStack {
  readonly projectName: string;
  readonly projectDomain: string;
  readonly #token: string;

  private constructor({ token, projectName, projectDomain }: Login) {
    this.#token = token;
    this.projectName = projectName;
    this.projectDomain = projectDomain;
  }

  static async login(user: { username: string; password: string } = credentials): Promise<OpenStack> {
    const auth = {
      identity: { methods: ['password'], password: { user: { name: user.username, password: user.password, domain: { name: credentials.userDomain } } } },
      scope: { project: { id: credentials.projectId } },
    };
    const answer = await fetch(`${credentials.identityEndpoint}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ auth }),
    });
    const token = answer.headers.get('x-subject-token');
    if (token === null) throw new Error(`Keystone does not let ${user.username} in: ${answer.status} ${await answer.text()}`);
    const { project } = ((await answer.json()) as { token: { project: { name: string; domain: { name: string } } } }).token;
    return new OpenStack({ token, projectName: project.name, projectDomain: project.domain.name });
  }

  /** Snapshots that bear this instance's mark, newest first. */
  async snapshotsOf(instance: string): Promise<readonly CloudSnapshot[]> {
    return (await this.snapshots()).filter(({ metadata }) => metadata['snapkeep_instance'] === instance);
  }

  /** The newest 1000 of the project. */
  async snapshots(): Promise<readonly CloudSnapshot[]> {
    return (await this.#call<{ snapshots: CloudSnapshot[] }>('GET', '/snapshots/detail')).snapshots;
  }

  async volumes(): Promise<readonly CloudVolume[]> {
    return (await this.#call<{ volumes: CloudVolume[] }>('GET', '/volumes/detail')).volumes;
  }

  /** Makes a volume and waits for it. */
  async createVolume(name: string, metadata: Readonly<Record<string, string>>): Promise<CloudVolume> {
    const { volume } = await this.#call<{ volume: CloudVolume }>('POST', '/volumes', { volume: { name, size: 1, metadata } });
    return waitFor(
      async () => (await this.#call<{ volume: CloudVolume }>('GET', `/volumes/${volume.id}`)).volume,
      ({ status }) => status === 'available',
      { timeoutMs: 30_000, what: `volume ${name}` },
    );
  }

  /** Puts a volume to use, as Nova does. */
  async attach(volumeId: string): Promise<void> {
    const attachment = { instance_uuid: '6f1c7c52-3a0e-4c43-9d4e-0f6f2a6f8c11', mountpoint: '/dev/vdb', mode: 'rw' };
    await this.#call('POST', `/volumes/${volumeId}/action`, { 'os-attach': attachment });
  }

  /** Removes these volumes with their snapshots, in use or not, and waits until they are gone. */
  async removeVolumes(volumes: readonly CloudVolume[]): Promise<void> {
    const remove = async ({ id }: CloudVolume) => {
      const { volume } = await this.#call<{ volume: CloudVolume }>('GET', `/volumes/${id}`);
      if (volume.status === 'in-use') await this.#call('POST', `/volumes/${id}/action`, { 'os-detach': {} });
      await this.#call('DELETE', `/volumes/${id}?cascade=true`);
    };
    await Promise.all(volumes.map(remove));
    const ids = new Set(volumes.map(({ id }) => id));
    const left = async () => (await this.volumes()).filter(({ id }) => ids.has(id)).map(({ name, status }) => `${name} ${status}`);
    if (ids.size > 0) await waitFor(left, ({ length }) => length === 0, { timeoutMs: 30_000, intervalMs: 200, what: 'the volumes to be gone' });
  }

  /** Removes these snapshots, also those that are still being made, and waits until they are gone. */
  async removeSnapshots(which: (snapshot: CloudSnapshot) => boolean): Promise<void> {
    const remove = async ({ id }: CloudSnapshot) => {
      await this.#call('DELETE', `/snapshots/${id}`).catch((error: unknown) => {
        // It went, or changed its state, since it was listed.
        if (!(error instanceof Refused && (error.status === 404 || error.status === 400))) throw error;
      });
    };
    const removeAll = async () => {
      const left = (await this.snapshots()).filter(which);
      await Promise.all(left.filter(({ status }) => status === 'available' || status === 'error').map(remove));
      return left.map(({ name, status }) => `${name} ${status}`);
    };
    await waitFor(removeAll, ({ length }) => length === 0, { timeoutMs: 30_000, intervalMs: 200, what: 'the snapshots to be gone' });
  }

  /** How many snapshots the project has and may have. */
  async snapshotQuota(): Promise<{ inUse: number; limit: number }> {
    const path = `/os-quota-sets/${credentials.projectId}`;
    const { quota_set } = await this.#call<{ quota_set: { snapshots: { in_use: number; limit: number } } }>('GET', `${path}?usage=true`);
    return { inUse: quota_set.snapshots.in_use, limit: quota_set.snapshots.limit };
  }

  /** Only an admin may. */
  async setSnapshotQuota(limit: number): Promise<void> {
    await this.#call('PUT', `/os-quota-sets/${credentials.projectId}`, { quota_set: { snapshots: limit } });
  }

  async #call<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${credentials.endpoint}/v3/${credentials.projectId}${path}`, {
      method,
      headers: { 'x-auth-token': this.#token, 'content-type': 'application/json', accept: 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Refused(answer.status, `${method} ${path} ${text}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }
}

/** Runs the `openstack` client and returns what its `-f json` prints. */
export async function openstackClient<T>(...args: readonly string[]): Promise<T> {
  const { stdout } = await execute('openstack', [...args, '-f', 'json'], { maxBuffer: 16 * 1024 * 1024 });
  return JSON.parse(stdout) as T;
}
