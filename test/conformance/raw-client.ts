import { waitFor } from '../support/wait-for.ts';
import type { CloudUnderTest, Credentials } from './cloud-under-test.ts';

/** One answer as it came. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined where the body is no JSON. */
  readonly json: unknown;
}

export interface SnapshotJson {
  readonly id: string;
  readonly name: string | null;
  readonly status: string;
  readonly volume_id: string;
  readonly created_at: string;
  readonly updated_at: string | null;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Talks to a cloud with nothing but fetch: it shares no code with the product. */
export class RawClient {
  readonly cloud: CloudUnderTest;
  readonly token: string;

  private constructor(cloud: CloudUnderTest, token: string) {
    this.cloud = cloud;
    this.token = token;
  }

  static async login(cloud: CloudUnderTest): Promise<RawClient> {
    const answer = await logIn(cloud);
    const token = answer.headers.get('x-subject-token');
    if (token === null) throw new Error(`no login: ${answer.status} ${answer.text}`);
    return new RawClient(cloud, token);
  }

  /** A body that is no text is sent as JSON. */
  async send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const { endpoint, projectId } = this.cloud;
    const sent = body === undefined ? {} : { body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body) };
    return answerOf(
      await fetch(`${endpoint}/v3/${projectId}${path}`, {
        method,
        headers: { 'x-auth-token': this.token, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        ...(sent as RequestInit),
      }),
    );
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  create(snapshot: Readonly<Record<string, unknown>>): Promise<Answer> {
    return this.send('POST', '/snapshots', { snapshot });
  }

  /** Makes a snapshot and waits until it is available. */
  async made(snapshot: Readonly<Record<string, unknown>>): Promise<SnapshotJson> {
    const answer = await this.create(snapshot);
    if (answer.status !== 202) throw new Error(`no snapshot: ${answer.status} ${answer.text}`);
    return this.reached(snapshotIn(answer).id, 'available');
  }

  /** The snapshot once it has that status. */
  async reached(id: string, status: string): Promise<SnapshotJson> {
    const show = async () => snapshotIn(await this.get(`/snapshots/${id}`));
    return waitFor(show, (snapshot) => snapshot.status === status, { timeoutMs: 20_000, intervalMs: 15, what: `snapshot ${id} to be ${status}` });
  }

  /** Waits for the 404. */
  async gone(id: string): Promise<Answer> {
    return waitFor(() => this.get(`/snapshots/${id}`), ({ status }) => status === 404, { timeoutMs: 20_000, intervalMs: 15, what: `snapshot ${id} to be gone` });
  }
}

export async function logIn(cloud: CloudUnderTest, changes: Partial<Credentials> = {}, body: (auth: unknown) => unknown = (auth) => ({ auth })): Promise<Answer> {
  const { username, password, domain } = { ...cloud.credentials, ...changes };
  const user = { name: username, password, domain: { name: domain } };
  const auth = { identity: { methods: ['password'], password: { user } }, scope: { project: { id: cloud.projectId } } };
  const sent = body(auth);
  return answerOf(
    await fetch(`${cloud.identityEndpoint}/auth/tokens`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: typeof sent === 'string' ? sent : JSON.stringify(sent),
    }),
  );
}

async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, headers: response.headers, text, json };
}

export function snapshotIn({ json, text }: Answer): SnapshotJson {
  const { snapshot } = (json ?? {}) as { snapshot?: SnapshotJson };
  if (snapshot === undefined) throw new Error(`no snapshot in ${text}`);
  return snapshot;
}

export function snapshotsIn({ json, text }: Answer): readonly SnapshotJson[] {
  const { snapshots } = (json ?? {}) as { snapshots?: readonly SnapshotJson[] };
  if (snapshots === undefined) throw new Error(`no snapshots in ${text}`);
  return snapshots;
}

export const idsIn = (answer: Answer): readonly string[] => snapshotsIn(answer).map(({ id }) => id);

/** The members of an object in the order in which they were sent. */
export const keysOf = (value: unknown): readonly string[] => Object.keys(value ?? {});
