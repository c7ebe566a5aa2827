import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadPolicies } from '#config/load-policies';
import type { PolicySet } from '#domain/policy';
import type { Run } from '#domain/run';
import { instant } from '#domain/time';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { startService } from '../../src/bootstrap/service.ts';
import type { Role, Service } from '../../src/bootstrap/service.ts';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator, SimulatorOptions } from '../../src/simulator/start-simulator.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

export interface RunningService {
  readonly service: Service;
  readonly telemetry: RecordingTelemetry;
}

/** A simulated cloud with one policy over its volumes, and any number of services on one Redis. */
export interface Stage extends AsyncDisposable {
  readonly cloud: Simulator;
  serve(role?: Role): Promise<RunningService>;
  /** No new due time from here on; resolves when every run has ended. */
  settle(service: Service): Promise<void>;
  runs(service: Service): Promise<readonly (Run & { readonly due: number })[]>;
}

let stages = 0;

/** Services start one after the other: side by side on a busy machine they would start past their first due time. */
let turn: Promise<unknown> = Promise.resolve();

/** Fires about so many seconds from now, once each, and then not before the minute is over. */
function cronIn(seconds: readonly number[]): string {
  return `${seconds.map((each) => new Date(Date.now() + each * 1_000).getUTCSeconds()).join(',')} * * * * *`;
}

export interface StageOptions {
  readonly redisUrl: string;
  /** A cron expression, or due times in seconds from the start of the first service. */
  readonly due: string | readonly number[];
  readonly catchUp?: 'none' | 'latest' | 'all';
  readonly cloud: SimulatorOptions;
  readonly concurrentCreates?: number;
  /** The `retention` of the policy, as YAML in one line. */
  readonly retention?: string;
  /** The `notifications` of the policy file, as YAML in one line. */
  readonly notifications?: string;
  /** Environment of the services, for secrets. */
  readonly env?: Readonly<Record<string, string>>;
}

export async function stage(options: StageOptions): Promise<Stage> {
  stages += 1;
  const instance = `integration-${stages}`;
  const cloud = await startSimulator({ creation: { minMs: 50, maxMs: 150 }, deletion: { minMs: 10, maxMs: 20 }, snapshotsPerVolume: null, ...options.cloud });
  const services = new Set<Service>();
  let set: PolicySet | null = null;

  /** The first one: its policy has to be known before the first due time, which a busy machine may take longer for. */
  async function startFirst(role: Role): Promise<RunningService> {
    for (let attempt = 1; ; attempt += 1) {
      const later = 3 * (attempt - 1);
      const due = typeof options.due === 'string' ? options.due : options.due.map((seconds) => seconds + later);
      const inTime = typeof due === 'string' ? Infinity : Date.now() + Math.min(...due) * 1_000 - 1_000;
      set = await policySet(cloud, `${instance}-${attempt}`, { ...options, due });
      const first = await start(role, set);
      const states = await waitFor(() => first.service.ledger.policyStates(['often']), (known) => known.has('often'), { what: 'the record of the policy', intervalMs: 5 });
      if ((states.get('often')?.watermark ?? Infinity) < inTime) return first;
      if (attempt === 4) throw new Error('this machine is too busy to start a service within seconds');
      await first.service.stop(1_000);
    }
  }

  async function start(role: Role, policies: PolicySet): Promise<RunningService> {
    const telemetry = new RecordingTelemetry();
    const redis = { address: parseRedisUrl(options.redisUrl, null), ca: null, stop: async () => undefined };
    const env = { SIMULATOR_PASSWORD: cloud.credentials.password, ...options.env };
    const service = await startService({ role, set: policies, redis, host: '127.0.0.1', port: 0, telemetry, env });
    services.add(service);
    await service.started;
    const stop = service.stop.bind(service);
    return {
      telemetry,
      service: Object.assign(service, {
        stop: async (drainMs: number) => {
          services.delete(service);
          return stop(drainMs);
        },
      }),
    };
  }

  async function serve(role: Role = 'all'): Promise<RunningService> {
    const started = turn.then(() => (set === null ? startFirst(role) : start(role, set)));
    turn = started.catch(() => undefined);
    return started;
  }

  async function settle(service: Service): Promise<void> {
    const current = service.policies.current();
    const paused = { ...current, policies: current.policies.map((policy) => ({ ...policy, paused: true })) };
    for (const each of services) each.policies.replace(paused);
    await waitFor(async () => (await service.ledger.openFirings()).map(({ counts }) => counts), (open) => open.length === 0, { what: 'all firings to end', timeoutMs: 15_000, intervalMs: 20 });
  }

  return {
    cloud,
    serve,
    settle,
    runs: async (service) => (await service.ledger.runs({ limit: 1_000 })).runs.map(({ run, firing }) => ({ ...run, due: firing.due })),
    async [Symbol.asyncDispose]() {
      await Promise.all([...services].map((service) => service.stop(2_000)));
      await cloud.close();
    },
  };
}

async function policySet(cloud: Simulator, instance: string, { due, catchUp = 'latest', concurrentCreates = 20, retention, notifications = '[]' }: StageOptions): Promise<PolicySet> {
  const cron = typeof due === 'string' ? due : cronIn(due);
  await using dir = await tempDir('policies');
  const file = path.join(dir.path, 'policies.yaml');
  await writeFile(file, `
apiVersion: snapkeep/v1
instance: ${instance}
targets:
  - name: simulated
    api: evs-v3
    endpoint: ${cloud.evsEndpoint}
    projectId: ${cloud.projectId}
    auth:
      type: password
      identityEndpoint: ${cloud.identityEndpoint}
      username: ${cloud.credentials.user}
      domain: ${cloud.credentials.domain}
      password: { env: SIMULATOR_PASSWORD }
    limits: { concurrentCreates: ${concurrentCreates} }
policies:
  - name: often
    target: simulated
    schedule: { cron: "${cron}", catchUp: ${catchUp} }
    volumes: { match: { name: "vol-*" } }
    snapshot:
      name: "{policy}-{volume}-{due}"
      description: Integration test
      force: true
      metadata: { team: payments, costcentre: "4711" }
    retry: { attempts: 5, backoff: { initial: 100ms, max: 1s }, grace: 1s, deadline: 1m }
    rpo: 5m${retention === undefined ? '' : `
    retention: ${retention}`}
notifications: ${notifications}
`);
  const loaded = await loadPolicies([file], { now: instant(Date.now()) });
  if (!loaded.ok) throw new Error(`the policies of the test are invalid: ${JSON.stringify(loaded.problems)}`);
  return loaded.set;
}
