import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePort } from '../support/free-port.ts';
import { findServer, startProcess } from '../support/redis-process.ts';
import { untilReady, withConnection } from '../support/redis-ready.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';

const MASTER = 'snapkeep-chaos';

export interface SentinelSet extends AsyncDisposable {
  /** For `--redis`. */
  readonly url: string;
  /** SIGKILL to the master; resolves when the sentinels agree on the other one. The dead one comes back as its replica. */
  failOver(): Promise<void>;
}

/** A master, a replica and three sentinels, each a process of its own. */
export async function startSentinels(): Promise<SentinelSet> {
  const servers = [await startProcess({ appendOnly: true })];
  const [first] = servers;
  if (first === undefined) throw new Error('no server');
  servers.push(await startProcess({ appendOnly: true, config: ['--replicaof', '127.0.0.1', String(first.port)] }));
  const dir = await tempDir('sentinels');
  const ports: number[] = [];
  const children: ChildProcess[] = [];
  for (let at = 0; at < 3; at += 1) {
    const port = await freePort();
    const file = path.join(dir.path, `sentinel-${at}.conf`);
    await writeFile(file, configOf(port, first.port));
    const child = spawn(findServer() ?? 'redis-server', [file, '--sentinel'], { cwd: dir.path, stdio: 'ignore' });
    process.once('exit', () => child.kill('SIGKILL'));
    children.push(child);
    ports.push(port);
    await untilReady(`redis://127.0.0.1:${port}`, () => (child.exitCode === null ? null : new Error('a sentinel ended at once')), child.pid);
  }
  // A fail-over needs sentinels that know of each other and of the replica.
  await waitFor(() => Promise.all(ports.map(knownTo)), (known) => known.every(({ replicas, sentinels }) => replicas === 1 && sentinels === 2), { what: 'the sentinels to know each other', timeoutMs: 30_000 });

  return {
    url: `redis+sentinel://${ports.map((port) => `127.0.0.1:${port}`).join(',')}/${MASTER}`,
    async failOver() {
      const before = await masterOf(ports[0] ?? 0);
      const dead = servers.find(({ port }) => port === before);
      if (dead === undefined) throw new Error(`no server of ours is master on port ${before}`);
      await dead.kill('SIGKILL');
      await waitFor(() => Promise.all(ports.map(masterOf)), (masters) => masters.every((port) => port !== before), { what: 'the fail-over', timeoutMs: 30_000 });
      await dead.restart();
      await waitFor(() => roleOf(dead.url), (role) => role === 'slave', { what: 'the old master to follow', timeoutMs: 60_000 });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(
        children.map(async (child) => {
          const ended = once(child, 'close');
          child.kill('SIGKILL');
          await ended;
        }),
      );
      for (const server of servers) await server.stop();
      await dir.remove();
    },
  };
}

function configOf(port: number, master: number): string {
  return `port ${port}
bind 127.0.0.1
sentinel monitor ${MASTER} 127.0.0.1 ${master} 2
sentinel down-after-milliseconds ${MASTER} 1500
sentinel failover-timeout ${MASTER} 10000
sentinel parallel-syncs ${MASTER} 1
`;
}

async function masterOf(sentinel: number): Promise<number> {
  const address = await withConnection(`redis://127.0.0.1:${sentinel}`, (redis) => redis.call('SENTINEL', 'get-master-addr-by-name', MASTER));
  return Array.isArray(address) ? Number(address[1]) : 0;
}

async function knownTo(sentinel: number): Promise<{ replicas: number; sentinels: number }> {
  const flat = await withConnection(`redis://127.0.0.1:${sentinel}`, (redis) => redis.call('SENTINEL', 'master', MASTER));
  const fields = Array.isArray(flat) ? flat.map(String) : Object.entries(flat ?? {}).flatMap(([name, value]) => [name, String(value)]);
  const of = (name: string): number => Number(fields[fields.indexOf(name) + 1] ?? 0);
  return { replicas: of('num-slaves'), sentinels: of('num-other-sentinels') };
}

async function roleOf(url: string): Promise<string> {
  const info = await withConnection(url, (redis) => redis.info('replication'));
  return /role:(\w+)/.exec(info)?.[1] ?? '';
}
