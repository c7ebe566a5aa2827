import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import { startProcess } from '../test/support/redis-process.ts';
import { tempDir } from '../test/support/temp-dir.ts';
import { waitFor } from '../test/support/wait-for.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { NODE_FLAGS } from './support/node-flags.ts';
import { PASSWORD_ENV, cronAt, policyText, writePolicyFile } from './support/policy-file.ts';
import { buildOnce } from './support/build.ts';

const VOLUMES = 2_000;
const PAIRS = 5;
const COST = 0.05;

/** From the start of the process to the due time: room for it to come up. */
const AHEAD_MS = 6_000;

/** Snapshots a second of one process with its log at `info` and at `silent`, by turns on the same machine, into the null device. */
export async function benchLogging(): Promise<readonly Figure[]> {
  buildOnce();
  const silent: number[] = [];
  const info: number[] = [];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    // Whichever comes first finds the machine in another state: they take turns.
    const order = pair % 2 === 0 ? (['silent', 'info'] as const) : (['info', 'silent'] as const);
    for (const level of order) (level === 'info' ? info : silent).push(await snapshotsPerSecond(level));
  }
  const costs = silent.map((without, pair) => 1 - (info[pair] ?? Number.NaN) / without);
  const cost = median(costs);
  return [
    { name: 'snapshots per second, silent', value: median(silent), unit: '/s', target: null, ok: true, samples: silent },
    { name: 'snapshots per second, info', value: median(info), unit: '/s', target: null, ok: true, samples: info },
    { name: 'info against silent', value: median(info) / median(silent), unit: 'x', target: null, ok: true, samples: costs.map((each) => 1 - each) },
    { name: 'cost of logging', value: cost * 100, unit: '%', target: `< ${COST * 100}`, ok: cost < COST, samples: costs.map((each) => each * 100) },
  ];
}

async function snapshotsPerSecond(level: 'info' | 'silent'): Promise<number> {
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes: VOLUMES, creation: { minMs: 0, maxMs: 0 }, snapshotsPerVolume: null });
  await using dir = await tempDir('bench');
  const due = new Date(Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000);
  const config = await writePolicyFile(dir.path, policyText(cloud, [{ name: 'once', cron: cronAt(due), volumes: 'vol-*' }]));
  const args = [...NODE_FLAGS, 'dist/main.js', 'serve', '--config', config, '--redis', redis.url, '--host', '127.0.0.1', '--port', '0'];
  const child = spawn(process.execPath, [...args, '--log-format', 'json', '--log-level', level], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, [PASSWORD_ENV]: cloud.credentials.password },
  });
  const ended = once(child, 'close');
  try {
    await waitFor(() => cloud.ledger.creates().length, (creates) => creates === VOLUMES, { timeoutMs: 120_000, what: 'all snapshots to be asked for', intervalMs: 100 });
    const times = cloud.ledger.creates().map(({ at }) => at);
    return (VOLUMES / (Math.max(...times) - due.getTime())) * 1_000;
  } finally {
    child.kill('SIGTERM');
    await ended;
  }
}
