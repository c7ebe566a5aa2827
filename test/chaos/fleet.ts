import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { OutputLine, SnapkeepProcess } from '../support/spawn-snapkeep.ts';

export interface FleetOptions {
  readonly schedulers: number;
  readonly workers: number;
  /** Of `serve`, without the role. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly launcher: string | undefined;
}

type Role = 'scheduler' | 'worker';

interface Member {
  readonly role: Role;
  process: SnapkeepProcess;
  state: 'up' | 'down' | 'suspended';
}

/** How long a process may take to start and to stop; two cores serve all of them. */
const START_MS = 60_000;
const STOP_MS = 60_000;

/** Real `snapkeep serve` processes that can be killed, suspended and started again one by one. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #members: Member[] = [];
  /** All that ever ran: what they told stays. */
  readonly #everyone: SnapkeepProcess[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
    const roles: Role[] = [...Array<Role>(options.schedulers).fill('scheduler'), ...Array<Role>(options.workers).fill('worker')];
    for (const role of roles) this.#members.push({ role, process: this.#spawn(role), state: 'up' });
  }

  get size(): number {
    return this.#members.length;
  }

  /** Resolves when all processes that should run say that they do. */
  async untilStarted(): Promise<void> {
    await Promise.all(this.#members.filter(({ state }) => state === 'up').map(({ process }) => process.waitForLine(({ json }) => json?.['event'] === 'service.started', START_MS)));
  }

  /** SIGKILL; false where there was nothing to kill. */
  async kill(index: number): Promise<boolean> {
    const member = this.#members[index];
    if (member === undefined || member.state === 'down') return false;
    member.state = 'down';
    member.process.kill('SIGKILL');
    await member.process.waitForExit();
    return true;
  }

  startAgain(index: number): void {
    const member = this.#members[index];
    if (member?.state !== 'down') return;
    member.process = this.#spawn(member.role);
    member.state = 'up';
  }

  /** SIGSTOP; false where the process was not running. */
  suspend(index: number): boolean {
    const member = this.#members[index];
    if (member?.state !== 'up') return false;
    member.process.kill('SIGSTOP');
    member.state = 'suspended';
    return true;
  }

  resume(index: number): void {
    const member = this.#members[index];
    if (member?.state !== 'suspended') return;
    member.process.kill('SIGCONT');
    member.state = 'up';
  }

  /** SIGTERM to all of a role; throws where one does not end with 0. */
  async stop(role: Role): Promise<void> {
    const members = this.#members.filter((member) => member.role === role && member.state === 'up');
    await Promise.all(
      members.map(async (member) => {
        member.process.kill('SIGTERM');
        const { code, signal } = await member.process.waitForExit(STOP_MS);
        member.state = 'down';
        if (code !== 0) throw new Error(`a ${role} ended with ${signal ?? code} on SIGTERM:\n${member.process.stderr()}`);
      }),
    );
  }

  /** The log lines of all processes, those that are gone included. */
  *told(): Generator<Readonly<Record<string, unknown>>> {
    for (const { lines } of this.#everyone) for (const { json } of lines) if (json !== undefined) yield json;
  }

  /** Everything printed, for whoever has to find out what happened. */
  transcript(): string {
    const lines = this.#everyone.flatMap(({ pid, lines: printed }) => printed.map((line) => `${timeOf(line)} ${pid} ${line.text}`));
    return lines.toSorted().join('\n');
  }

  #spawn(role: Role): SnapkeepProcess {
    const { args, env, launcher } = this.#options;
    const started = spawnSnapkeep(['serve', '--role', role, ...args], { env, ...(launcher === undefined ? {} : { launcher }) });
    this.#everyone.push(started);
    return started;
  }
}

function timeOf({ json }: OutputLine): string {
  const time = json?.['time'];
  return typeof time === 'string' ? time : '';
}
