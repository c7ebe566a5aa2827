import { execFileSync, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { freePort } from '../test/support/free-port.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { buildOnce } from './support/build.ts';
import { NODE_FLAGS } from './support/node-flags.ts';
import { PASSWORD_ENV, policyText, writePolicyFile } from './support/policy-file.ts';
import { residentMb } from './support/process-facts.ts';
import { untilReady } from './support/service-process.ts';

const RUNS = 5;
const IDLE_MS = 5_000;
const READY_MS = 1_000;
const MEMORY_MB = 150;

/** From the start of the compiled service to a 200 of /readyz, its own Redis included, and its memory when idle. */
export async function benchStart(): Promise<readonly Figure[]> {
  buildOnce();
  await using cloud = await startSimulator({ volumes: 10 });
  await using dir = await tempDir('bench');
  const config = await writePolicyFile(dir.path, policyText(cloud, [{ name: 'yearly', cron: '0 0 1 1 *', volumes: 'vol-*' }]));
  const ready: number[] = [];
  const bare: number[] = [];
  const memory: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const bareAt = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    bare.push(performance.now() - bareAt);

    const port = String(await freePort());
    const startedAt = performance.now();
    const args = [...NODE_FLAGS, 'dist/main.js', 'serve', '--config', config, '--redis', 'embedded'];
    const child = spawn(process.execPath, [...args, '--data-dir', join(dir.path, `data-${run}`), '--port', port, '--host', '127.0.0.1'], {
      stdio: 'ignore',
      env: { ...process.env, [PASSWORD_ENV]: cloud.credentials.password },
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await untilReady(`http://127.0.0.1:${port}/readyz`, () => child.exitCode);
    ready.push(performance.now() - startedAt);
    await setTimeout(IDLE_MS);
    memory.push(await residentMb(child.pid ?? 0));
    child.kill('SIGTERM');
    await ended;
  }
  const against = ready.map((each, run) => each / (bare[run] ?? Number.NaN));
  return [
    { name: 'start to ready', value: median(ready), unit: 'ms', target: `< ${READY_MS}`, ok: median(ready) < READY_MS, samples: ready },
    { name: 'start to ready against bare node', value: median(against), unit: 'x', target: null, ok: true, samples: against },
    { name: 'resident memory when idle', value: median(memory), unit: 'MB', target: `< ${MEMORY_MB}`, ok: median(memory) < MEMORY_MB, samples: memory },
  ];
}
