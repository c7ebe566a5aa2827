import { onTestFinished } from 'vitest';
import {
  startSimulator,
  type Flavour,
  type Simulator,
  type SimulatorClock,
  type SimulatorOptions,
} from '../../src/simulator/start-simulator.ts';

/** A clock that only the test moves. */
export class ManualClock implements SimulatorClock {
  #nowMs: number;

  constructor(iso = '2026-11-24T02:00:00Z') {
    this.#nowMs = Date.parse(iso);
  }

  now(): number {
    return this.#nowMs;
  }

  forward(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed, or undefined when it is no JSON. */
  readonly json: unknown;
}

/** A client with a token, and nothing clever: every answer comes back as it was. */
export class CloudClient {
  token: string;
  readonly #base: string;
  readonly #url: string;

  constructor(sim: Simulator, token: string) {
    this.#url = sim.url;
    this.#base = `${sim.evsEndpoint}/v3/${sim.projectId}`;
    this.token = token;
  }

  /** Paths that begin with a slash are below the project; whole URLs are taken as they are. */
  async send(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const init: RequestInit = {
      method,
      headers: { 'X-Auth-Token': this.token, ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    };
    return answerOf(await fetch(path.startsWith('http') ? path : this.#base + path, init));
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  create(snapshot: Record<string, unknown>, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send('POST', '/snapshots', { snapshot }, headers);
  }

  async createdId(volumeId: string, more: Record<string, unknown> = {}): Promise<string> {
    const answer = await this.create({ volume_id: volumeId, ...more });
    if (answer.status !== 202) throw new Error(`create: ${answer.status} ${answer.text}`);
    return textAt(answer.json, 'snapshot', 'id');
  }

  async statusOf(id: string): Promise<string> {
    const answer = await this.get(`/snapshots/${id}`);
    return answer.status === 200 ? textAt(answer.json, 'snapshot', 'status') : String(answer.status);
  }

  control(method: string, path: string, body?: unknown): Promise<Answer> {
    return this.send(method, `${this.#url}/_sim/${path}`, body);
  }
}

export interface Scene {
  readonly sim: Simulator;
  readonly clock: ManualClock;
  readonly client: CloudClient;
  /** Id of the first volume. */
  readonly volumeId: string;
}

/** A simulator on a manual clock, closed when the test ends, and a client that has logged in. */
export async function scene(options: SimulatorOptions & { readonly flavour?: Flavour } = {}): Promise<Scene> {
  const clock = new ManualClock();
  const sim = await startSimulator({ clock, volumes: 3, ...options });
  onTestFinished(() => sim.close());
  const volumeId = sim.volumes()[0]?.id ?? '';
  const login = await logIn(sim);
  return { sim, clock, client: new CloudClient(sim, login.headers.get('x-subject-token') ?? ''), volumeId };
}

export function passwordLogin(sim: Simulator, changes: { password?: string; user?: unknown; scope?: unknown } = {}): unknown {
  const { user, password, domain, projectName } = sim.credentials;
  return {
    auth: {
      identity: {
        methods: ['password'],
        password: { user: changes.user ?? { name: user, password: changes.password ?? password, domain: { name: domain } } },
      },
      scope: changes.scope ?? { project: { name: projectName, domain: { name: domain } } },
    },
  };
}

export async function logIn(sim: Simulator, body: unknown = passwordLogin(sim), headers: Record<string, string> = {}): Promise<Answer> {
  return answerOf(
    await fetch(`${sim.identityEndpoint}/auth/tokens`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  );
}

export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: parsed(text) };
}

/** The member at the path; undefined when there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  let current = value;
  for (const key of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Object.entries(current).find(([name]) => name === String(key))?.[1];
  }
  return current;
}

export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== 'string') throw new Error(`no text at ${path.join('.')} in ${JSON.stringify(value)}`);
  return found;
}

/** The ids of a list answer, in its order. */
export function idsIn(answer: Answer, name = 'snapshots'): string[] {
  const list = at(answer.json, name);
  if (!Array.isArray(list)) throw new Error(`no list ${name} in ${answer.text}`);
  return list.map((item: unknown) => textAt(item, 'id'));
}

/** Error message and code, wherever the flavour puts them. */
export function errorOf(answer: Answer): { readonly code: unknown; readonly message: unknown } {
  const { json } = answer;
  if (at(json, 'error_code') !== undefined) return { code: at(json, 'error_code'), message: at(json, 'error_msg') };
  if (typeof json !== 'object' || json === null) return { code: undefined, message: answer.text };
  const [wrapper = '', inner] = Object.entries(json)[0] ?? [];
  return { code: wrapper === 'error' ? at(inner, 'code') : wrapper, message: at(inner, 'message') };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
