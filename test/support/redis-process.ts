import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { once } from 'node:events';
import path from 'node:path';
import { freePort } from './free-port.ts';
import { localUrl, serverArguments, untilReady } from './redis-ready.ts';
import { tempDir } from './temp-dir.ts';
import type { RedisOptions, RedisServer } from './redis.ts';

/** The server program on PATH, or null. */
export function findServer(): string | null {
  for (const name of ['redis-server', 'valkey-server']) {
    for (const directory of (process.env['PATH'] ?? '').split(path.delimiter)) {
      const file = path.join(directory, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // not here
      }
    }
  }
  return null;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

interface Launched {
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  /** The last lines it printed. */
  log(): string;
}

const portTaken = /Address already in use/;

/** A redis-server of the test's own on a free loopback port. */
export async function startProcess(options: RedisOptions): Promise<RedisServer> {
  const program = findServer();
  if (program === null) {
    throw new Error('no Redis for the tests: neither redis-server nor valkey-server is on PATH and no Docker engine answers; run scripts/bootstrap');
  }
  const temporary = options.dir === undefined ? await tempDir('redis') : null;
  const directory = temporary?.path ?? path.resolve(options.dir ?? '.');

  async function launch(port: number): Promise<Launched> {
    const server = spawnServer(program ?? '', port, directory, options);
    const gaveUp = () => (isAlive(server.child) ? null : new Error(`${program} ended at once:\n${server.log()}`));
    await untilReady(localUrl(port, options.requirePass), gaveUp, server.child.pid).catch(async (error: unknown) => {
      await end(server, 'SIGKILL');
      throw error;
    });
    return server;
  }

  let port = 0;
  let server: Launched | null = null;
  for (let attempt = 1; server === null; attempt += 1) {
    port = await freePort();
    try {
      server = await launch(port);
    } catch (error) {
      if (attempt < 5 && portTaken.test(String(error))) continue;
      await temporary?.remove();
      throw error;
    }
  }

  let current: Launched | null = server;
  const alive = (): Launched | null => (current !== null && isAlive(current.child) ? current : null);
  async function stop(): Promise<void> {
    const live = alive();
    current = null;
    // A stopped (SIGSTOP) process reacts to nothing but this; the data is thrown away or stands in the append-only file.
    if (live !== null) await end(live, 'SIGKILL');
    await temporary?.remove();
  }
  return {
    url: localUrl(port, options.requirePass),
    port,
    get pid() {
      return alive()?.child.pid ?? null;
    },
    stop,
    async kill(signal = 'SIGKILL') {
      const live = alive();
      if (live === null) throw new Error('the Redis server is not running');
      if (ends.has(signal)) await end(live, signal);
      else live.child.kill(signal);
    },
    async restart() {
      const live = alive();
      if (live !== null) await end(live, 'SIGTERM');
      current = await launch(port);
    },
    [Symbol.asyncDispose]: stop,
  };
}

const ends: ReadonlySet<NodeJS.Signals> = new Set(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGABRT']);

function isAlive(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}

async function end({ child, exited }: Launched, signal: NodeJS.Signals): Promise<void> {
  child.kill(signal);
  await exited;
}

function spawnServer(program: string, port: number, directory: string, options: RedisOptions): Launched {
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', directory, '--daemonize', 'no'];
  const child = spawn(program, [...place, ...serverArguments(options)], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  const collect = (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4_000);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  running.add(child);
  const exited = once(child, 'close').finally(() => running.delete(child));
  exited.catch(() => undefined); // a program that cannot be started: untilReady tells
  return { child, exited, log: () => log };
}
