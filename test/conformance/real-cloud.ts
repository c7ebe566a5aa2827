import { randomBytes } from 'node:crypto';
import { waitFor } from '../support/wait-for.ts';
import type { CloudUnderTest } from './cloud-under-test.ts';

/** Where Keystone and Cinder are, and an admin there. */
export interface RealAccess {
  readonly identityEndpoint: string;
  /** Base URL of Cinder, without `/v3` and the project's id. */
  readonly endpoint: string;
  readonly domain: string;
  readonly admin: { readonly username: string; readonly password: string; readonly projectId: string };
}

const UNLIMITED = -1;

/**
 * A real Keystone and Cinder, in a project made for this suite alone: other tests run in the others, and quotas and lists are
 * counted. The project, its user, its volumes and snapshots go with it.
 */
export async function openRealCloud(access: RealAccess): Promise<CloudUnderTest> {
  const admin = await Admin.login(access);
  const name = `conf-${randomBytes(4).toString('hex')}`;
  const password = randomBytes(12).toString('hex');
  const projectId = await admin.make('projects', { project: { name, domain_id: admin.domainId } });
  const userId = await admin.make('users', { user: { name, password, domain_id: admin.domainId } });
  await admin.identity('PUT', `/projects/${projectId}/users/${userId}/roles/${await admin.roleId('member')}`);
  const quota = (snapshots: number) => admin.storage('PUT', `/os-quota-sets/${projectId}`, { quota_set: { snapshots } });
  await admin.storage('PUT', `/os-quota-sets/${projectId}`, { quota_set: { snapshots: UNLIMITED, gigabytes: UNLIMITED, volumes: UNLIMITED } });
  const token = await tokenOf(access, { username: name, password }, projectId);
  const member = (method: string, path: string, body?: unknown) => call(token, method, `${access.endpoint}/v3/${projectId}${path}`, body);

  async function removeAll(): Promise<number> {
    const { volumes } = (await member('GET', '/volumes/detail')) as { volumes: { id: string; status: string; attachments: unknown[] }[] };
    for (const { id, status, attachments } of volumes) {
      if (status === 'deleting') continue;
      if (attachments.length > 0) {
        await admin.storage('POST', `/volumes/${id}/action`, { 'os-reset_status': { status: 'in-use' } });
        await member('POST', `/volumes/${id}/action`, { 'os-detach': {} });
      }
      await admin.storage('POST', `/volumes/${id}/action`, { 'os-reset_status': { status: 'available' } });
      const { snapshots } = (await member('GET', `/snapshots/detail?volume_id=${id}`)) as { snapshots: { id: string; status: string }[] };
      const stuck = snapshots.filter((snapshot) => snapshot.status !== 'available' && snapshot.status !== 'error');
      for (const snapshot of stuck) await admin.storage('POST', `/snapshots/${snapshot.id}/action`, { 'os-reset_status': { status: 'error' } });
      await member('DELETE', `/volumes/${id}?cascade=true`);
    }
    return volumes.length;
  }

  return {
    kind: 'realCinder',
    identityEndpoint: access.identityEndpoint,
    endpoint: access.endpoint,
    projectId,
    credentials: { username: name, password, domain: access.domain },
    async addVolume(volumeName) {
      const { volume } = (await member('POST', '/volumes', { volume: { name: `conf-${volumeName}`, size: 1 } })) as { volume: { id: string } };
      const show = async () => ((await member('GET', `/volumes/${volume.id}`)) as { volume: { status: string } }).volume.status;
      await waitFor(show, (status) => status === 'available', { timeoutMs: 30_000, intervalMs: 100, what: `volume ${volumeName}` });
      return volume.id;
    },
    async setVolumeStatus(id, status) {
      if (status === 'in-use') {
        await member('POST', `/volumes/${id}/action`, { 'os-attach': { instance_uuid: '6f1c7c52-3a0e-4c43-9d4e-0f6f2a6f8c11', mountpoint: '/dev/vdb', mode: 'rw' } });
      } else await admin.storage('POST', `/volumes/${id}/action`, { 'os-reset_status': { status } });
    },
    setSnapshotStatus: async (id, status) => void (await admin.storage('POST', `/snapshots/${id}/action`, { 'os-reset_status': { status } })),
    setSnapshotQuota: async (limit) => void (await quota(limit)),
    liftSnapshotQuota: async () => void (await quota(UNLIMITED)),
    async [Symbol.asyncDispose]() {
      await waitFor(removeAll, (left) => left === 0, { timeoutMs: 60_000, intervalMs: 300, what: 'the volumes to be gone' });
      await admin.identity('DELETE', `/users/${userId}`);
      await admin.identity('DELETE', `/projects/${projectId}`);
    },
  };
}

/** Projects, users and states are an admin's. */
class Admin {
  readonly domainId: string;
  readonly #access: RealAccess;
  readonly #token: string;

  private constructor(access: RealAccess, token: string, domainId: string) {
    this.#access = access;
    this.#token = token;
    this.domainId = domainId;
  }

  static async login(access: RealAccess): Promise<Admin> {
    const token = await tokenOf(access, access.admin, access.admin.projectId);
    const { project } = (await call(token, 'GET', `${access.identityEndpoint}/projects/${access.admin.projectId}`)) as { project: { domain_id: string } };
    return new Admin(access, token, project.domain_id);
  }

  identity(method: string, path: string, body?: unknown): Promise<unknown> {
    return call(this.#token, method, `${this.#access.identityEndpoint}${path}`, body);
  }

  storage(method: string, path: string, body?: unknown): Promise<unknown> {
    return call(this.#token, method, `${this.#access.endpoint}/v3/${this.#access.admin.projectId}${path}`, body);
  }

  async make(kind: 'projects' | 'users', body: Readonly<Record<string, unknown>>): Promise<string> {
    const made = (await this.identity('POST', `/${kind}`, body)) as Record<string, { id: string }>;
    const id = Object.values(made)[0]?.id;
    if (id === undefined) throw new Error(`Keystone made no ${kind}: ${JSON.stringify(made)}`);
    return id;
  }

  async roleId(name: string): Promise<string> {
    const { roles } = (await this.identity('GET', `/roles?name=${name}`)) as { roles: { id: string }[] };
    if (roles[0] === undefined) throw new Error(`Keystone has no role ${name}`);
    return roles[0].id;
  }
}

async function tokenOf(access: RealAccess, { username, password }: { username: string; password: string }, projectId: string): Promise<string> {
  const user = { name: username, password, domain: { name: access.domain } };
  const answer = await fetch(`${access.identityEndpoint}/auth/tokens?nocatalog`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ auth: { identity: { methods: ['password'], password: { user } }, scope: { project: { id: projectId } } } }),
  });
  const token = answer.headers.get('x-subject-token');
  if (token === null) throw new Error(`Keystone does not let ${username} in: ${answer.status} ${await answer.text()}`);
  return token;
}

async function call(token: string, method: string, url: string, body?: unknown): Promise<unknown> {
  const answer = await fetch(url, {
    method,
    headers: { 'x-auth-token': token, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
