import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach } from 'vitest';

const ownLauncher = fileURLToPath(new URL('../../bin/snapkeep', import.meta.url));

export interface SpawnOptions {
  /** On top of this process's environment; undefined takes a variable away. */
  env?: Readonly<Record<string, string | undefined>>;
  cwd?: string;
  /** Another checkout's launcher; default this one's. */
  launcher?: string;
}

export interface OutputLine {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
  /** The line as JSON; undefined where it is not a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A running `bin/snapkeep`. The launcher execs, so `pid` is Node's own and signals reach it. */
export interface SnapkeepProcess extends AsyncDisposable {
  readonly pid: number;
  /** Everything printed so far, both streams in the order of arrival. */
  readonly lines: readonly OutputLine[];
  /** All of standard output so far, as printed. */
  stdout(): string;
  /** All of standard error so far, as printed. */
  stderr(): string;
  /** The first line, already printed or still to come, that the predicate likes. Throws at the deadline or the end of the process. */
  waitForLine(predicate: (line: OutputLine) => boolean, timeoutMs?: number): Promise<OutputLine>;
  /** How the process ended, once all its output is here. Throws at the deadline. */
  waitForExit(timeoutMs?: number): Promise<Exit>;
  kill(signal?: NodeJS.Signals): void;
}

const running = new Set<ChildProcess>();

function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}
process.on('exit', killAll);

/** Starts `bin/snapkeep` with these arguments. What still runs after a test is killed. */
export function spawnSnapkeep(args: readonly string[], options: SpawnOptions = {}): SnapkeepProcess {
  const child = spawn(options.launcher ?? ownLauncher, args, {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);

  const text = { stdout: '', stderr: '' };
  const lines: OutputLine[] = [];
  const waiting = new Set<(line: OutputLine) => void>();
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].on('data', (chunk: Buffer) => {
      text[stream] += chunk.toString();
    });
    createInterface({ input: child[stream], crlfDelay: Infinity }).on('line', (line) => {
      const entry = { stream, text: line, json: parseObject(line) };
      lines.push(entry);
      for (const tell of waiting) tell(entry);
    });
  }
  const exit = once(child, 'close').then((): Exit => ({ code: child.exitCode, signal: child.signalCode }));
  exit.finally(() => running.delete(child)).catch(() => undefined); // waitForExit and waitForLine tell

  const tail = () => `the last of ${lines.length} lines:\n${lines.slice(-20).map((line) => line.text).join('\n')}`;
  const command = `snapkeep ${args.join(' ')}`;

  async function waitForLine(predicate: (line: OutputLine) => boolean, timeoutMs = 10_000): Promise<OutputLine> {
    const seen = lines.find(predicate);
    if (seen !== undefined) return seen;
    const { promise, resolve, reject } = Promise.withResolvers<OutputLine>();
    const tell = (line: OutputLine) => {
      if (predicate(line)) resolve(line);
    };
    waiting.add(tell);
    const timer = setTimeout(() => reject(new Error(`${command}: no such line within ${timeoutMs} ms; ${tail()}`)), timeoutMs);
    exit.then(
      ({ code, signal }) => reject(new Error(`${command}: ended (${signal ?? code}) before such a line; ${tail()}`)),
      reject,
    );
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      waiting.delete(tell);
    }
  }

  async function waitForExit(timeoutMs = 15_000): Promise<Exit> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(`${command}: still running after ${timeoutMs} ms; ${tail()}`)), timeoutMs);
    try {
      return await Promise.race([exit, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  return {
    get pid() {
      if (child.pid === undefined) throw new Error(`${command} did not start`);
      return child.pid;
    },
    lines,
    stdout: () => text.stdout,
    stderr: () => text.stderr,
    waitForLine,
    waitForExit,
    kill: (signal = 'SIGTERM') => {
      child.kill(signal);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exit;
    },
  };
}

afterEach(async () => {
  const leftovers = [...running].map((child) => once(child, 'close'));
  killAll();
  await Promise.all(leftovers);
});

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
