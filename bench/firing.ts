import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Simulator } from '../src/simulator/start-simulator.ts';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const SMALL = 1_000;
const SMALL_RUNS = 3;
const LARGE = 10_000;
const MEMORY_MB = 300;

/** From the start of the processes to the due time: room for them to come up. */
const AHEAD_MS = 10_000;
const FIRING_MS = 600_000;

/** What one firing costs in calls, time and memory: real processes of the compiled service, a real Redis, snapshots that take 1 to 3 s. */
export async function benchFiring(): Promise<readonly Figure[]> {
  execFileSync('npm', ['run', 'build'], { stdio: 'ignore' });
  const small: Firing[] = [];
  for (let run = 0; run < SMALL_RUNS; run += 1) small.push(await fireOnce(SMALL, 1));
  const large = await fireOnce(LARGE, 3);

  const calls = small.map((firing) => firing.callsPerSnapshot);
  const [scheduler = Number.NaN, ...workers] = large.peakMb;
  const worker = Math.max(...workers);
  return [
    { name: `API calls per snapshot, ${SMALL} volumes`, value: median(calls), unit: 'calls', target: '<= 1.2', ok: median(calls) <= 1.2, samples: calls },
    { name: `due to all available, ${SMALL} volumes`, ...seconds(small) },
    { name: `API calls per snapshot, ${LARGE} volumes`, value: large.callsPerSnapshot, unit: 'calls', target: '<= 1.2', ok: large.callsPerSnapshot <= 1.2, samples: [large.callsPerSnapshot] },
    { name: `due to all queued, ${LARGE} volumes`, value: large.queuedMs / 1_000, unit: 's', target: null, ok: true, samples: [large.queuedMs / 1_000] },
    { name: `due to all available, ${LARGE} volumes`, ...seconds([large]) },
    { name: `peak memory of the scheduler, ${LARGE} volumes`, value: scheduler, unit: 'MB', target: `< ${MEMORY_MB}`, ok: scheduler < MEMORY_MB, samples: [scheduler] },
    { name: `peak memory of a worker, ${LARGE} volumes`, value: worker, unit: 'MB', target: `< ${MEMORY_MB}`, ok: worker < MEMORY_MB, samples: workers },
  ];
}

interface Firing {
  readonly callsPerSnapshot: number;
  readonly queuedMs: number;
  readonly finishedMs: number;
  /** The scheduler's, then each worker's. */
  readonly peakMb: readonly number[];
}

function seconds(firings: readonly Firing[]): Pick<Figure, 'value' | 'unit' | 'target' | 'ok' | 'samples'> {
  const samples = firings.map(({ finishedMs }) => finishedMs / 1_000);
  return { value: median(samples), unit: 's', target: null, ok: true, samples };
}

/** One policy over all volumes, one due time. */
async function fireOnce(volumes: number, workers: number): Promise<Firing> {
  await using redis = await startProcess({ appendOnly: true });
  await using cloud = await startSimulator({ volumes, creation: { minMs: 1_000, maxMs: 3_000 }, snapshotsPerVolume: null });
  const dir = await mkdtemp(join(tmpdir(), 'snapkeep-bench-'));
  const due = new Date(Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000);
  const config = join(dir, 'policy.yaml');
  await writeFile(config, policyFor(cloud, due));
  const processes = ['scheduler', ...Array<string>(workers).fill('worker')].map((role) => startService(role, config, redis.url, cloud));
  try {
    await Promise.all(processes.map((service) => service.line('service.started')));
    if (Date.now() > due.getTime()) throw new Error('the processes were not up at the due time: the machine is too busy to measure');
    const [{ lagMs }, { durationMs, runs }] = await Promise.all([anyLine(processes, 'firing.planned'), anyLine(processes, 'firing.finished')]);
    const available = Number((runs as Record<string, unknown>)['available']);
    if (available !== volumes) throw new Error(`only ${available} of ${volumes} snapshots became available`);
    const calls = cloud.ledger.requests().filter(({ at, operation }) => at >= due.getTime() && operation !== 'auth').length;
    const peakMb = await Promise.all(processes.map(({ pid }) => peakOf(pid)));
    return { callsPerSnapshot: calls / volumes, queuedMs: Number(lagMs), finishedMs: Number(durationMs), peakMb };
  } finally {
    await Promise.all(processes.map((service) => service.end()));
    await rm(dir, { recursive: true, force: true });
  }
}

type Line = Readonly<Record<string, unknown>>;

interface ServiceProcess {
  readonly pid: number;
  /** The first log line of this event, printed or to come. */
  line(event: string): Promise<Line>;
  end(): Promise<void>;
}

function startService(role: string, config: string, redisUrl: string, cloud: Simulator): ServiceProcess {
  const args = ['--max-semi-space-size=8', 'dist/main.js', 'serve', '--role', role, '--config', config, '--redis', redisUrl];
  const child = spawn(process.execPath, [...args, '--host', '127.0.0.1', '--port', '0', '--log-format', 'json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, SNAPKEEP_BENCH_PASSWORD: cloud.credentials.password },
  });
  const ended = once(child, 'close');
  const waited = new Map<string, PromiseWithResolvers<Line>>();
  const of = (event: string): PromiseWithResolvers<Line> => {
    const known = waited.get(event) ?? Promise.withResolvers<Line>();
    waited.set(event, known);
    return known;
  };
  createInterface({ input: child.stdout }).on('line', (text) => {
    const event = /"event":"([\w.]+)"/.exec(text)?.[1] ?? '';
    if (['service.started', 'firing.planned', 'firing.finished'].includes(event)) of(event).resolve(JSON.parse(text) as Line);
  });
  return {
    pid: child.pid ?? 0,
    line: (event) => of(event).promise,
    async end() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Whichever process tells it. */
async function anyLine(processes: readonly ServiceProcess[], event: string): Promise<Line> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no ${event} within ${FIRING_MS} ms`)), FIRING_MS);
  try {
    return await Promise.race([...processes.map((service) => service.line(event)), promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function peakOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

/** One policy over all volumes of the simulated cloud, due once. */
export function policyFor(cloud: Simulator, due: Date): string {
  return `apiVersion: snapkeep/v1
instance: bench
targets:
  - name: simulated
    api: evs-v3
    endpoint: ${cloud.evsEndpoint}
    projectId: "${cloud.projectId}"
    auth:
      type: password
      identityEndpoint: ${cloud.identityEndpoint}
      username: ${cloud.credentials.user}
      domain: ${cloud.credentials.domain}
      password: { env: SNAPKEEP_BENCH_PASSWORD }
    limits: { concurrentCreates: 60 }
policies:
  - name: once
    target: simulated
    schedule: { cron: "${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *" }
    volumes: { match: { name: "vol-*" } }
    snapshot: { force: true }
`;
}
