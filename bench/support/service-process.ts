import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { freePort } from '../../test/support/free-port.ts';
import { buildOnce } from './build.ts';
import { NODE_FLAGS } from './node-flags.ts';
import { PASSWORD_ENV } from './policy-file.ts';

export type LogLine = Readonly<Record<string, unknown>>;

export interface ServiceSetUp {
  readonly role: 'all' | 'scheduler' | 'worker';
  readonly config: string;
  readonly redisUrl: string;
  readonly cloud: Simulator;
  /** Before the script: `--cpu-prof` and the like. */
  readonly nodeArgs?: readonly string[];
  /** Watches the process's event loop. */
  readonly watchLoop?: boolean;
  /** Events whose log lines the bench wants; with none of them the log goes to the null device, at its usual level. */
  readonly events?: readonly string[];
}

export interface ServiceProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  /** The lines of the wanted events so far, in order. */
  readonly lines: readonly LogLine[];
  /** The delay of its event loop since it was last asked to begin anew; only where it is watched. */
  loopDelay(): Promise<LoopDelay>;
  beginLoopDelay(): void;
  /** Sends SIGTERM and waits for the end. */
  [Symbol.asyncDispose](): Promise<void>;
}

export interface LoopDelay {
  readonly p99Ms: number;
  readonly maxMs: number;
}

const READY_MS = 60_000;

/** A process of the compiled service, once it says that it is ready. */
export async function startService({ role, config, redisUrl, cloud, nodeArgs = [], events = [], watchLoop = false }: ServiceSetUp): Promise<ServiceProcess> {
  buildOnce();
  const url = `http://127.0.0.1:${await freePort()}`;
  const args = ['serve', '--role', role, '--config', config, '--redis', redisUrl, '--host', '127.0.0.1', '--port', new URL(url).port];
  const child = spawn(process.execPath, [...NODE_FLAGS, ...nodeArgs, ...(watchLoop ? ['--import', new URL('loop-delay.ts', import.meta.url).href] : []), 'dist/main.js', ...args, '--log-format', 'json'], {
    stdio: ['ignore', events.length === 0 ? 'ignore' : 'pipe', 'inherit', ...(watchLoop ? (['ipc'] as const) : [])],
    env: { ...process.env, [PASSWORD_ENV]: cloud.credentials.password },
  });
  const ended = once(child, 'close');
  const lines: LogLine[] = [];
  if (child.stdout !== null) {
    createInterface({ input: child.stdout }).on('line', (text) => {
      if (events.includes(/"event":"([\w.]+)"/.exec(text)?.[1] ?? '')) lines.push(JSON.parse(text) as LogLine);
    });
  }
  await untilReady(`${url}/readyz`, () => child.exitCode);
  return {
    pid: child.pid ?? 0,
    url,
    lines,
    async loopDelay() {
      const answer = once(child, 'message');
      child.send('tell');
      return (await answer)[0] as LoopDelay;
    },
    beginLoopDelay: () => void child.send('reset'),
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Until the URL answers 2xx. Throws where the process has ended, and after a minute. */
export async function untilReady(url: string, exitCode: () => number | null): Promise<void> {
  const until = performance.now() + READY_MS;
  while (performance.now() < until) {
    const ok = await fetch(url).then((answer) => answer.ok, () => false);
    if (ok) return;
    if (exitCode() !== null) throw new Error(`the service ended with ${exitCode()} before it was ready`);
    await setTimeout(5);
  }
  throw new Error(`the service did not get ready within ${READY_MS} ms`);
}
