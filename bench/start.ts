import { execFileSync, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const RUNS = 5;
const IDLE_MS = 5_000;

/** From the start of the compiled service to a 200 of /readyz, its own Redis included, and its memory when idle. */
export async function benchStart(): Promise<readonly Figure[]> {
  execFileSync('npm', ['run', 'build'], { stdio: 'ignore' });
  await using cloud = await startSimulator({ volumes: 10 });
  const dir = await mkdtemp(join(tmpdir(), 'snapkeep-bench-'));
  const policy = join(dir, 'policy.yaml');
  await writeFile(policy, policyFor(cloud.evsEndpoint, cloud.identityEndpoint, cloud.projectId));
  const ready: number[] = [];
  const bare: number[] = [];
  const memory: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const bareAt = performance.now();
      execFileSync(process.execPath, ['-e', '0']);
      bare.push(performance.now() - bareAt);

      const startedAt = performance.now();
      const args = ['--max-semi-space-size=8', 'dist/main.js', 'serve', '--config', policy, '--redis', 'embedded'];
      const child = spawn(process.execPath, [...args, '--data-dir', join(dir, `data-${run}`), '--port', '18099', '--host', '127.0.0.1'], {
        stdio: 'ignore',
        env: { ...process.env, SNAPKEEP_BENCH_PASSWORD: cloud.credentials.password },
      });
      const ended = new Promise((resolve) => child.once('exit', resolve));
      await untilReady('http://127.0.0.1:18099/readyz');
      ready.push(performance.now() - startedAt);
      await setTimeout(IDLE_MS);
      memory.push(await residentMb(child.pid ?? 0));
      child.kill('SIGTERM');
      await ended;
    }
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
  return [
    { name: 'start to ready', value: median(ready), unit: 'ms', target: '< 2000', ok: median(ready) < 2000, samples: ready },
    { name: 'start to ready against bare node', value: median(ready) / median(bare), unit: 'x', target: null, ok: true, samples: bare },
    { name: 'resident memory when idle', value: median(memory), unit: 'MB', target: '< 150', ok: median(memory) < 150, samples: memory },
  ];
}

async function untilReady(url: string): Promise<void> {
  const until = performance.now() + 30_000;
  while (performance.now() < until) {
    const ok = await fetch(url).then((answer) => answer.ok, () => false);
    if (ok) return;
    await setTimeout(5);
  }
  throw new Error('the service did not get ready within 30 s');
}

async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

function policyFor(endpoint: string, identityEndpoint: string, projectId: string): string {
  return `apiVersion: snapkeep/v1
instance: bench
targets:
  - name: simulated
    api: evs-v3
    endpoint: ${endpoint}
    projectId: "${projectId}"
    auth:
      type: password
      identityEndpoint: ${identityEndpoint}
      username: backup-bot
      domain: demo
      password: { env: SNAPKEEP_BENCH_PASSWORD }
policies:
  - name: yearly
    target: simulated
    schedule: { cron: "0 0 1 1 *" }
    volumes: { match: { name: "vol-*" } }
`;
}
