import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisAddress } from './redis-url.ts';

export interface EmbeddedRedis {
  readonly address: RedisAddress;
  /** Ends the server, data on disk, where this process started it or was handed it. */
  readonly stop: () => Promise<void>;
}

/** No redis-server (or valkey-server) here, or it does not start; the message says what to do. */
export class EmbeddedRedisError extends Error {
  override readonly name = 'EmbeddedRedisError';
}

/** A socket's path may be 107 bytes long on Linux, 103 on macOS. */
const MAX_SOCKET_PATH = 100;

const START_TIMEOUT_MS = 10_000;
const STOP_TIMEOUT_MS = 10_000;
const SERVERS = ['redis-server', 'valkey-server'] as const;

/**
 * A Redis of its own in `dataDir`, with an append-only file, reachable only through a socket that only this user can
 * open. Where one is running there already (a service of the same directory, or one that was killed and left its server
 * behind) it is used; `adopt` then also ends it with this process.
 */
export async function openEmbeddedRedis(dataDir: string, options: { adopt: boolean }): Promise<EmbeddedRedis> {
  const dir = resolve(dataDir);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const marker = join(dir, 'redis-socket');
  const left = await readFile(marker, 'utf8').catch(() => null);
  if (left !== null && (await answers(left))) return embedded(left, options.adopt ? () => shutdown(left, marker) : async () => undefined);

  const path = await socketPath(dir);
  await startServer(dir, path);
  await writeFile(marker, path, { mode: 0o600 });
  return embedded(path, () => shutdown(path, marker));
}

function embedded(path: string, stop: () => Promise<void>): EmbeddedRedis {
  return { address: { kind: 'socket', path, credentials: { username: null, password: null } }, stop };
}

async function socketPath(dir: string): Promise<string> {
  const path = join(dir, 'redis.sock');
  if (path.length <= MAX_SOCKET_PATH) return path;
  return join(await mkdtemp(join(tmpdir(), 'snapkeep-')), 'redis.sock');
}

async function startServer(dir: string, path: string): Promise<void> {
  const args = [
    ['--port', '0'],
    ['--unixsocket', path],
    ['--unixsocketperm', '700'],
    ['--dir', dir],
    ['--appendonly', 'yes'],
    ['--appendfsync', 'everysec'],
    ['--maxmemory-policy', 'noeviction'],
    ['--save', ''],
    ['--loglevel', 'warning'],
    ['--daemonize', 'no'],
  ].flat();
  for (const server of SERVERS) {
    const output: string[] = [];
    // A process group of its own: Ctrl-C in a terminal reaches the service, which ends the server when it has drained.
    const child = spawn(server, args, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (text: Buffer) => output.push(text.toString()));
    child.stderr.on('data', (text: Buffer) => output.push(text.toString()));
    const failed = new Promise<'absent' | 'ended'>((settle) => {
      child.once('error', (error: NodeJS.ErrnoException) => settle(error.code === 'ENOENT' ? 'absent' : 'ended'));
      child.once('exit', () => settle('ended'));
    });
    const started = await Promise.race([failed, untilAnswers(path)]);
    child.unref();
    child.stdout.destroy();
    child.stderr.destroy();
    if (started === 'ready') {
      await chmod(path, 0o700);
      return;
    }
    if (started === 'absent') continue;
    child.kill('SIGKILL');
    throw new EmbeddedRedisError(`${server} did not start in ${dir}: ${output.join('').trim().split('\n').at(-1) ?? 'no output'}`);
  }
  throw new EmbeddedRedisError('no redis-server or valkey-server on the PATH: install one, or give the address of a Redis with --redis redis://host:6379');
}

async function untilAnswers(path: string): Promise<'ready' | 'ended'> {
  const until = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < until) {
    if (await answers(path)) return 'ready';
    await new Promise((settle) => setTimeout(settle, 10));
  }
  return 'ended';
}

/** Answers and has read its file: while it loads it answers PING with an error. */
async function answers(path: string): Promise<boolean> {
  const redis = new Redis({ path, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, connectTimeout: 1_000 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

async function shutdown(path: string, marker: string): Promise<void> {
  const redis = new Redis({ path, lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 0, commandTimeout: STOP_TIMEOUT_MS });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    // The connection closes without an answer where it succeeds.
    await redis.shutdown('NOSAVE').catch(() => undefined);
  } catch {
    // Not running any more.
  } finally {
    redis.disconnect();
  }
  const until = Date.now() + STOP_TIMEOUT_MS;
  while (Date.now() < until && (await answers(path))) await new Promise((settle) => setTimeout(settle, 20));
  await rm(marker, { force: true });
}
