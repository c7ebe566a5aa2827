import { startContainer } from './redis-container.ts';
import { startGiven } from './redis-given.ts';
import { findServer, startProcess } from './redis-process.ts';
import { dockerAnswers } from './docker.ts';

export interface RedisOptions {
  /** Write an append-only file, so that data outlives a kill; default false: nothing is written to disk. */
  appendOnly?: boolean;
  /** Where the server keeps its files; default a temporary directory that goes with it. */
  dir?: string;
  /** More arguments, as on the command line: `['--maxmemory', '10mb']`. */
  config?: readonly string[];
  requirePass?: string;
}

/** A Redis of the test's own. `await using redis = await startRedis();` ends it with the block. */
export interface RedisServer extends AsyncDisposable {
  /** `redis://127.0.0.1:PORT`, with the password where there is one. The same after a restart. */
  readonly url: string;
  readonly port: number;
  /** Of the server process; null where it runs in a container or elsewhere, and while it is not running. */
  readonly pid: number | null;
  /** Ends the server and removes its files (not a `dir` that was given). Doing it twice is fine. */
  stop(): Promise<void>;
  /** Sends a signal (default SIGKILL) and waits for the end where the signal ends the process. Its files stay. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the server again on the same port and files, after ending it if it still runs. */
  restart(): Promise<void>;
}

/**
 * Starts a real Redis: in a container where a Docker engine answers, else as a process of its own (redis-server or
 * valkey-server). Where neither can be had it fails, it never skips. `SNAPKEEP_TEST_REDIS` forces `container`,
 * `process` or, with a `redis://` URL, an empty database of a server that runs already.
 */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  const forced = process.env['SNAPKEEP_TEST_REDIS'] ?? '';
  if (/^rediss?:/.test(forced)) return startGiven(forced, options);
  if (forced === 'process') return startProcess(options);
  if (forced === 'container') return startContainer(options);
  if (forced !== '') throw new Error(`SNAPKEEP_TEST_REDIS is "${forced}"; it may be container, process or a redis:// URL`);

  if (!(await dockerAnswers())) return startProcess(options);
  try {
    return await startContainer(options);
  } catch (error) {
    // An engine without the image and without a way to get it is no reason to fail where a server is installed.
    if (findServer() === null) throw error;
    return startProcess(options);
  }
}
