import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadPolicies } from '#config/load-policies';
import type { PolicySet } from '#domain/policy';
import type { Run } from '#domain/run';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { instant, type Instant } from '#domain/time';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startService, type Service } from '../../src/bootstrap/service.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

/** One target and its simulated cloud, with one policy of the same name over all its volumes. */
export interface Part {
  readonly cloud: SimulatorOptions;
  /** Of the target. */
  readonly timeout?: string;
  readonly concurrentCreates?: number;
  /** Of the policy, as YAML. */
  readonly retry?: string;
  readonly rpo?: string;
}

export interface Scene<Name extends string> extends AsyncDisposable {
  readonly clouds: Readonly<Record<Name, Simulator>>;
  /** The one due time of all policies, some seconds after the scene was opened. */
  readonly due: Instant;
  /** In all its roles. Started too late for the due time it catches up with it. */
  serve(): Promise<{ readonly service: Service; readonly telemetry: RecordingTelemetry }>;
  /** Newest due time first. */
  runs(service: Service, policy: Name): Promise<readonly Run[]>;
  firingsEnded(service: Service, timeoutMs?: number): Promise<void>;
}

const RETRY = '{ attempts: 5, backoff: { initial: 100ms, max: 1s }, grace: 1s, deadline: 5m }';
const DUE_IN_MS = 3_000;

let scenes = 0;

export async function openScene<Name extends string>(redisUrl: string, parts: Readonly<Record<Name, Part>>): Promise<Scene<Name>> {
  scenes += 1;
  const names = Object.keys(parts) as Name[];
  const quick = { creation: { minMs: 50, maxMs: 150 }, deletion: { minMs: 10, maxMs: 20 }, snapshotsPerVolume: null };
  const started = await Promise.all(names.map(async (name) => [name, await startSimulator({ ...quick, ...parts[name].cloud })] as const));
  const clouds = Object.fromEntries(started) as Record<Name, Simulator>;
  const due = instant(Math.floor((Date.now() + DUE_IN_MS) / 1_000) * 1_000);
  const set = await policySet(`field-case-${scenes}`, parts, clouds, due);
  const address = parseRedisUrl(redisUrl, null);
  await remember(address, set, due);
  const services = new Set<Service>();

  return {
    clouds,
    due,
    async serve() {
      const telemetry = new RecordingTelemetry();
      const redis = { address, ca: null, stop: async () => undefined };
      const env = Object.fromEntries(names.map((name) => [passwordVariable(name), clouds[name].credentials.password]));
      const service = await startService({ role: 'all', set, redis, host: '127.0.0.1', port: 0, telemetry, env });
      services.add(service);
      await service.started;
      return { service, telemetry };
    },
    async runs(service, policy) {
      return (await service.ledger.runs({ policy, limit: 1_000 })).runs.map(({ run }) => run);
    },
    async firingsEnded(service, timeoutMs = 15_000) {
      const ended = async (): Promise<number> => (await Promise.all(names.map((name) => service.ledger.firings(name, 1)))).flat().filter(({ finishedAt }) => finishedAt !== null).length;
      await waitFor(ended, (count) => count === names.length, { what: 'all firings to end', timeoutMs, intervalMs: 20 });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...services].map((service) => service.stop(1_000)));
      await Promise.all(names.map((name) => clouds[name].close()));
    },
  };
}

export async function metricsOf(service: Service, name: string): Promise<string[]> {
  const text = await (await fetch(`${service.url}/metrics`)).text();
  return text.split('\n').filter((line) => line.startsWith(`${name}{`)).toSorted();
}

function passwordVariable(name: string): string {
  return `PASSWORD_${name.toUpperCase()}`;
}

/** As if a service had been there before: a machine too busy to start one in time then does not lose the due time. */
async function remember(address: ReturnType<typeof parseRedisUrl>, set: PolicySet, due: Instant): Promise<void> {
  const client = connectRedis(address, 'commands');
  client.on('error', () => undefined);
  const ledger = new RedisLedger(client, set.instance, systemClock);
  for (const { name, schedule } of set.policies) await ledger.startPolicy(name, { watermark: instant(due - 1), scheduleKey: scheduleKey(schedule) });
  client.disconnect();
}

async function policySet<Name extends string>(instance: string, parts: Readonly<Record<Name, Part>>, clouds: Readonly<Record<Name, Simulator>>, due: Instant): Promise<PolicySet> {
  const names = Object.keys(parts) as Name[];
  const targets = names.map((name) => {
    const { evsEndpoint, identityEndpoint, projectId, credentials } = clouds[name];
    const { timeout = '10s', concurrentCreates = 20 } = parts[name];
    return `
  - name: ${name}
    api: evs-v3
    endpoint: ${evsEndpoint}
    projectId: ${projectId}
    auth: { type: password, identityEndpoint: "${identityEndpoint}", username: ${credentials.user}, domain: ${credentials.domain}, password: { env: ${passwordVariable(name)} } }
    limits: { concurrentCreates: ${concurrentCreates} }
    timeout: ${timeout}`;
  });
  const policies = names.map((name) => `
  - name: ${name}
    target: ${name}
    schedule: { cron: "${new Date(due).getUTCSeconds()} ${new Date(due).getUTCMinutes()} * * * *" }
    volumes: { match: { name: "vol-*" } }
    snapshot: { force: true, metadata: { app: demo } }
    retry: ${parts[name].retry ?? RETRY}
    rpo: ${parts[name].rpo ?? '2h'}`);
  await using dir = await tempDir('field-case');
  const file = path.join(dir.path, 'policies.yaml');
  await writeFile(file, `apiVersion: snapkeep/v1\ninstance: ${instance}\ntargets:${targets.join('')}\npolicies:${policies.join('')}\n`);
  const loaded = await loadPolicies([file], { now: instant(Date.now()) });
  if (!loaded.ok) throw new Error(`the policies of the test are invalid: ${JSON.stringify(loaded.problems)}`);
  return loaded.set;
}
