import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { WatchedPolicyFiles } from '#config/watched-policy-files';
import { instant } from '#domain/time';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startService } from '../../src/bootstrap/service.ts';
import type { Service } from '../../src/bootstrap/service.ts';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { tempDir } from '../support/temp-dir.ts';

export const TOKEN = 'the-admin-token';

/** What the files say: targets by name with their simulated cloud, and policies as YAML in one line each. */
export interface Written {
  readonly targets: Readonly<Record<string, { readonly cloud: Simulator; readonly limits?: string; readonly endpoint?: string }>>;
  readonly policies: readonly string[];
  readonly instance?: string;
}

/** A running service that watches a directory of policy files, with its password and its admin token in files. */
export interface Watched extends AsyncDisposable {
  readonly service: Service;
  readonly telemetry: RecordingTelemetry;
  readonly policyFile: string;
  readonly passwordFile: string;
  readonly tokenFile: string;
  /** Renames a new version over the policy file. */
  write(written: Written): Promise<void>;
  /** Resolves once so many versions have come into force since the start. */
  reloaded(times: number): Promise<void>;
}

let services = 0;

/** A policy that fires when it is asked to, over the volumes named `vol-*`. */
export function yearly(name: string, target: string, more = ''): string {
  return `{ name: ${name}, target: ${target}, schedule: { cron: "0 0 1 1 *" }, volumes: { match: { name: "vol-*" } }, snapshot: { force: true }, rpo: 900d, retention: { last: 6 }, retry: { attempts: 5, backoff: { initial: 100ms, max: 1s }, grace: 1s, deadline: 1m }${more === '' ? '' : `, ${more}`} }`;
}

export async function quickCloud(options: SimulatorOptions): Promise<Simulator> {
  return startSimulator({ creation: { minMs: 50, maxMs: 150 }, deletion: { minMs: 10, maxMs: 20 }, snapshotsPerVolume: null, ...options });
}

export async function watchedService(redisUrl: string, written: Written, { adminToken = true }: { adminToken?: boolean } = {}): Promise<Watched> {
  services += 1;
  const instance = `watched-${process.pid}-${services}`;
  const dir = await tempDir('watched');
  const [policyFile, passwordFile, tokenFile] = ['policies.yaml', 'password', 'token'].map((name) => path.join(dir.path, name)) as [string, string, string];
  const write = async (next: Written): Promise<void> => {
    await writeFile(`${policyFile}.tmp`, textOf(instance, passwordFile, next));
    await rename(`${policyFile}.tmp`, policyFile);
  };
  await writeFile(passwordFile, 'simulator\n');
  await writeFile(tokenFile, `${TOKEN}\n`);
  await write(written);
  const files = new WatchedPolicyFiles([dir.path]);
  const now = instant(Date.now());
  const reading = await files.readAll(now);
  const loaded = reading.load({ now });
  if (!loaded.ok) throw new Error(`the policies of the test are invalid: ${JSON.stringify(loaded.problems)}`);
  const telemetry = new RecordingTelemetry();
  const redis = { address: parseRedisUrl(redisUrl, null), ca: null, stop: async () => undefined };
  const token = adminToken ? { adminTokenFile: tokenFile } : {};
  const service = await startService({ role: 'all', set: loaded.set, redis, host: '127.0.0.1', port: 0, telemetry, env: {}, policyFiles: { files, digest: reading.digest }, ...token });
  await service.started;
  return {
    service,
    telemetry,
    policyFile,
    passwordFile,
    tokenFile,
    write,
    reloaded: (times) => telemetry.until((told) => told.count('config.reloaded') >= times, 'new policies to come into force', 20_000),
    async [Symbol.asyncDispose]() {
      await service.stop(1_000);
      await dir.remove();
    },
  };
}

function textOf(standard: string, passwordFile: string, { targets, policies, instance = standard }: Written): string {
  const entries = Object.entries(targets).map(
    ([name, { cloud, limits = 'concurrentCreates: 20', endpoint = cloud.evsEndpoint }]) =>
      `  - { name: ${name}, api: evs-v3, endpoint: "${endpoint}", projectId: ${cloud.projectId}, limits: { ${limits} }, auth: { type: password, identityEndpoint: "${cloud.identityEndpoint}", username: ${cloud.credentials.user}, domain: ${cloud.credentials.domain}, password: { file: "${passwordFile}" } } }`,
  );
  return ['apiVersion: snapkeep/v1', `instance: ${instance}`, 'targets:', ...entries, policies.length === 0 ? 'policies: []' : 'policies:', ...policies.map((policy) => `  - ${policy}`), ''].join('\n');
}

/** A POST with the admin token, or what is given in its place. */
export async function post(service: Service, at: string, body?: object, token: string | null = TOKEN): Promise<{ status: number; json: Record<string, unknown> }> {
  const headers = { ...(token === null ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : { 'content-type': 'application/json' }) };
  const answer = await fetch(`${service.url}${at}`, { method: 'POST', headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}

export async function gaugeOf(service: Service, name: string): Promise<number> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
}
