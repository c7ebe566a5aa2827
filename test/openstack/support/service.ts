import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Redis } from 'ioredis';
import { stringify } from 'yaml';
import { spawnSnapkeep } from '../../support/spawn-snapkeep.ts';
import type { Exit, SnapkeepProcess } from '../../support/spawn-snapkeep.ts';
import { waitFor } from '../../support/wait-for.ts';

/** A run as `runs --json` prints it. */
export interface Run {
  readonly id: string;
  readonly policy: string;
  readonly target: string;
  readonly volumeId: string;
  readonly due: string;
  readonly trigger: string;
  readonly outcome: string;
  readonly snapshotId: string | null;
  readonly snapshotName: string | null;
  readonly adopted: boolean;
  readonly failure: { readonly kind: string; readonly httpStatus: number | null; readonly code: string | null; readonly message: string; readonly requestId: string | null } | null;
  readonly attempts: readonly { readonly result: string; readonly httpStatus: number | null; readonly message: string | null }[];
}

/** One line of the log. */
export type LogEvent = Readonly<Record<string, unknown>> & { readonly event: string };

/** One line of /metrics. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A running `snapkeep serve`. Leaving the block ends it and its Redis, whatever has become of the process. */
export interface Service extends AsyncDisposable {
  /** The log so far: events of this name whose fields are these. */
  events(event: string, fields?: Readonly<Record<string, unknown>>): readonly LogEvent[];
  /** Resolves with the first `count` such events as soon as they are logged. Throws at the deadline. */
  logged(event: string, fields: Readonly<Record<string, unknown>>, options?: { count?: number; timeoutMs?: number }): Promise<readonly LogEvent[]>;
  metrics(): Promise<readonly Sample[]>;
  /** HTTP status of /readyz. */
  readiness(): Promise<number>;
  /** SIGTERM, then how it ended. */
  stop(): Promise<Exit>;
  /** SIGKILL, at once. */
  kill(): Promise<void>;
}

/** A policy file with the data of a service; outlives the service. */
export interface Workplace {
  readonly config: string;
  readonly dataDir: string;
}

export async function writePolicies(directory: string, policies: unknown): Promise<Workplace> {
  const config = path.join(directory, 'policies.yaml');
  await writeFile(config, stringify(policies));
  return { config, dataDir: path.join(directory, 'data') };
}

/** Starts `snapkeep serve` and waits until it runs. */
export async function startService(workplace: Workplace): Promise<Service> {
  const flags = ['--port', '0', '--host', '127.0.0.1', '--log-format', 'json', '--log-level', 'debug'];
  const process = spawnSnapkeep(['serve', ...storeFlags(workplace), ...flags]);
  const started = await process.waitForLine((line) => line.json?.['event'] === 'service.started', 30_000);
  return service(process, workplace, String(started.json?.['url']));
}

function service(process: SnapkeepProcess, workplace: Workplace, url: string): Service {
  const events: Service['events'] = (event, fields = {}) =>
    process.lines.map(({ json }) => json).filter((json): json is LogEvent => json?.['event'] === event && matches(json, fields));

  async function end(): Promise<void> {
    process.kill('SIGTERM');
    try {
      await process.waitForExit();
    } catch {
      process.kill('SIGKILL');
      await process.waitForExit();
    }
    await endRedis(workplace);
  }

  return {
    events,
    async logged(event, fields, { count = 1, timeoutMs = 45_000 } = {}) {
      let seen = 0;
      const wanted = Object.entries({ event, ...fields });
      await process.waitForLine(({ json }) => {
        if (json === undefined || !wanted.every(([key, value]) => json[key] === value)) return false;
        seen += 1;
        return seen >= count;
      }, timeoutMs);
      return events(event, fields).slice(0, count);
    },
    async metrics() {
      const answer = await fetch(`${url}/metrics`);
      return (await answer.text()).split('\n').flatMap(sampleIn);
    },
    readiness: async () => (await fetch(`${url}/readyz`)).status,
    stop() {
      process.kill('SIGTERM');
      return process.waitForExit(30_000);
    },
    async kill() {
      process.kill('SIGKILL');
      await process.waitForExit();
    },
    [Symbol.asyncDispose]: end,
  };
}

function matches(json: Readonly<Record<string, unknown>>, fields: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(fields).every(([key, value]) => json[key] === value);
}

function sampleIn(line: string): readonly Sample[] {
  const match = /^([a-z_]+)(?:\{(.*)\})? ([^ ]+)$/.exec(line);
  if (match === null) return [];
  const [, name = '', labels = '', value = ''] = match;
  const pairs = [...labels.matchAll(/([a-z_]+)="((?:[^"\\]|\\.)*)"/g)].map(([, key = '', text = '']) => [key, text] as const);
  return [{ name, labels: Object.fromEntries(pairs), value: Number(value) }];
}

/** A service that was killed leaves its Redis running. */
async function endRedis({ dataDir }: Workplace): Promise<void> {
  const socket = await readFile(path.join(dataDir, 'redis-socket'), 'utf8').catch(() => null);
  if (socket === null) return;
  const redis = new Redis({ path: socket, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0 });
  redis.on('error', () => undefined);
  const answers = () => redis.ping().then(() => true, () => false);
  await redis.connect().then(() => redis.shutdown('NOSAVE')).catch(() => undefined);
  await waitFor(answers, (value) => !value, { what: 'the Redis of the service to end' });
  redis.disconnect();
}

/** `snapkeep runs --json`: all of them, newest first. Works while the service runs and when it does not. */
export async function runsOf(workplace: Workplace): Promise<readonly Run[]> {
  const process = spawnSnapkeep(['runs', '--json', '--limit', '1000', ...storeFlags(workplace)]);
  const { code } = await process.waitForExit(20_000);
  if (code !== 0) throw new Error(`snapkeep runs ended with ${code}: ${process.stderr()}`);
  return (JSON.parse(process.stdout()) as { runs: Run[] }).runs;
}

function storeFlags({ config, dataDir }: Workplace): readonly string[] {
  return ['--config', config, '--redis', 'embedded', '--data-dir', dataDir];
}
