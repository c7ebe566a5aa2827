import { chmod, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Network } from 'testcontainers';
import { stringify } from 'yaml';
import { tempDir } from '../../support/temp-dir.ts';
import { startContainer, untilReady } from './container.ts';
import type { Container } from './container.ts';

export const VOLUMES = 12;
/** Every policy covers every volume once a minute: so that a due time comes every ten seconds, and no policy laps itself. */
export const SECONDS = [0, 10, 20, 30, 40, 50];
const DRAIN_SECONDS = 25;

export interface Scene extends AsyncDisposable {
  readonly redis: Container;
  readonly cloud: Container;
  /** Starts a process of the service; resolves when it is ready, and prints how long that took: three seconds are the aim on a machine of its own. */
  start(role: 'scheduler' | 'worker' | 'all', name: string, image?: 'next'): Promise<Container>;
  /** Ends one as Kubernetes does: SIGTERM, and SIGKILL after the chart's grace period. The exit code, and how long it took. */
  end(process: Container): Promise<{ code: number; seconds: number }>;
  /** What the simulated cloud has done, by its own ledger. */
  created(): Promise<readonly Created[]>;
  /** Create calls the cloud has seen, answered or not. */
  createCalls(): Promise<number>;
  /** The ends of all logs, also once the containers are gone: for whoever has to find out what happened. */
  transcript(): Promise<string>;
}

export interface Created {
  readonly policy: string;
  /** ISO 8601. */
  readonly due: string;
  readonly volumeId: string;
}

function image(which: 'first' | 'next'): string {
  const name = process.env[which === 'first' ? 'SNAPKEEP_IMAGE' : 'SNAPKEEP_NEXT_IMAGE'];
  if (name === undefined) throw new Error('SNAPKEEP_IMAGE and SNAPKEEP_NEXT_IMAGE say which images: run scripts/containers-test, which builds them');
  return name;
}

export async function stage(): Promise<Scene> {
  const network = await new Network().start();
  const containers: (Container & { readonly alias: string })[] = [];
  const config = await tempDir('containers');
  let kept: string | undefined;
  const transcript = async () =>
    kept ?? (await Promise.all(containers.map(async (each) => `--- ${each.alias}\n${(await each.log()).split('\n').slice(-60).join('\n')}\n`))).join('');
  const dispose = async () => {
    kept = await transcript();
    await Promise.all(containers.map((each) => each.remove()));
    await network.stop();
    await config.remove();
  };
  const begin = async (options: Omit<Parameters<typeof startContainer>[0], 'network'>) => {
    const container = await startContainer({ ...options, network });
    containers.push({ ...container, alias: options.alias });
    return container;
  };

  try {
    const redis = await begin({ image: 'redis:7', alias: 'redis', command: ['redis-server', '--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction'], port: 6379, startedLine: /Ready to accept connections/ });
    const cloud = await begin({
      image: image('first'),
      alias: 'cloud',
      command: ['simulator', '--host', '0.0.0.0', '--port', '8776', '--volumes', String(VOLUMES), '--creation', '200ms..800ms'],
      port: 8776,
      startedLine: /what it saw/,
      isRestricted: true,
    });
    const { projectId } = await json<{ projectId: string }>(`${cloud.url}/_sim/state`);
    // Creates take long enough for something to happen meanwhile; there is no cap, since nothing is pruned here.
    await json(`${cloud.url}/_sim/settings`, { latencyMs: { create: 1_500 }, snapshotsPerVolume: null });
    await writeFile(path.join(config.path, 'policies.yaml'), policyFile(projectId));
    // Readable for the user in the container, who is nobody on this machine.
    await chmod(config.path, 0o755);

    return {
      redis,
      cloud,
      async start(role, name, next) {
        const container = await begin({
          image: image(next ?? 'first'),
          alias: name,
          command: ['serve', `--role=${role}`, `--drain=${DRAIN_SECONDS}s`, '--log-level=info'],
          port: 8080,
          startedLine: /service\.started/,
          env: { SNAPKEEP_CONFIG: '/etc/snapkeep', SNAPKEEP_REDIS: 'redis://redis:6379', CLOUD_PASSWORD: 'simulator' },
          mounts: { '/etc/snapkeep': config.path },
          isRestricted: true,
        });
        const took = await untilReady(container);
        process.stdout.write(`${name}: ready at most ${took} ms after the start of its container\n`);
        return container;
      },
      async end(process) {
        const began = performance.now();
        const code = await process.stop(DRAIN_SECONDS + 20);
        return { code, seconds: (performance.now() - began) / 1_000 };
      },
      async created() {
        const { effects } = await json<{ effects: { kind: string; volumeId: string; metadata: Record<string, string> }[] }>(`${cloud.url}/_sim/ledger?limit=100000`);
        return effects
          .filter(({ kind }) => kind === 'snapshot-created')
          .map(({ volumeId, metadata }) => ({ policy: metadata['snapkeep_policy'] ?? '', due: metadata['snapkeep_due'] ?? '', volumeId }));
      },
      createCalls: async () => (await json<{ requests: unknown[] }>(`${cloud.url}/_sim/ledger?operation=create&limit=100000`)).requests.length,
      transcript,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** Every due time of every policy in (from, until], epoch milliseconds, as `snapkeep_due` has it; reckoned without snapkeep. */
export function dueTimes(from: number, until: number): readonly { policy: string; due: string }[] {
  const due: { policy: string; due: string }[] = [];
  for (let at = Math.floor(from / 1_000) * 1_000 + 1_000; at <= until; at += 1_000) {
    const second = new Date(at).getUTCSeconds();
    if (SECONDS.includes(second)) due.push({ policy: `at-${second}`, due: new Date(at).toISOString().replace('.000Z', 'Z') });
  }
  return due;
}

async function json<T>(url: string, body?: unknown): Promise<T> {
  const response = await fetch(url, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body), headers: { 'content-type': 'application/json' } });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}

function policyFile(projectId: string): string {
  return stringify({
    apiVersion: 'snapkeep/v1',
    instance: 'containers',
    targets: [
      {
        name: 'simulated',
        api: 'evs-v3',
        endpoint: 'http://cloud:8776',
        projectId,
        auth: { type: 'password', identityEndpoint: 'http://cloud:8776/v3', username: 'backup-bot', domain: 'demo', password: { env: 'CLOUD_PASSWORD' } },
        limits: { concurrentCreates: 6 },
      },
    ],
    defaults: { target: 'simulated', volumes: { match: { name: 'vol-*' } }, snapshot: { force: true }, schedule: { catchUp: 'all' }, retry: { attempts: 5, backoff: { initial: '500ms', max: '2s' }, grace: '2s' } },
    policies: SECONDS.map((second) => ({ name: `at-${second}`, schedule: { cron: `${second} * * * * *` } })),
  });
}
