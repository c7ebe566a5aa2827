import { Wakeable } from '#app/wakeable';
import type { Target } from '#domain/target';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { TargetRuntime } from './target-runtime.ts';
import type { TargetRuntimeDeps } from './target-runtime.ts';

/** A target that is gone stays served until its runs have ended; that is looked at so often. */
const LOOK_AT_GONE: DurationMs = (5 * SECOND) as DurationMs;

/** Runs in hand of a replaced runtime may take so long; then they are handed to the new one. */
const REPLACED_DRAIN: DurationMs = MINUTE;

/** A runtime that was started while the service runs may take so long to begin; the service stays ready meanwhile. */
const STARTING: DurationMs = (15 * SECOND) as DurationMs;

export interface TargetRuntimesDeps extends Omit<TargetRuntimeDeps, 'watch'> {
  /** All replicas together have at most so many runs of the target in hand. */
  readonly limitConcurrency: (target: string, concurrency: number) => Promise<void>;
  /** Runs of the target that are in the queue or in a worker's hands. */
  readonly queued: (target: string) => Promise<number>;
}

interface Served {
  readonly target: Target;
  readonly runtime: TargetRuntime;
  readonly watch: Wakeable;
  /** When it was started beside others that were at work already; null for the first ones. */
  readonly joinedAt: Instant | null;
}

/**
 * The runtimes of all targets in force, kept in step with the policy files: a new target gets one, a changed one gets
 * another while the old finishes what it has in hand, and one that is gone keeps its own until all its runs have ended.
 */
export class TargetRuntimes {
  readonly #deps: TargetRuntimesDeps;
  readonly #wakeable = new Wakeable();
  readonly #served = new Map<string, Served>();
  readonly #retiring = new Set<TargetRuntime>();
  #hasStarted = false;
  #isClosed = false;

  constructor(deps: TargetRuntimesDeps) {
    this.#deps = deps;
  }

  /** Other policies are in force: look at the targets. */
  policiesChanged(): void {
    this.#wakeable.wake();
  }

  /** Follows the policies until the signal; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      const hasGone = await this.adjust();
      await this.#wakeable.sleepUntil(clock, addMs(clock.now(), hasGone ? LOOK_AT_GONE : HOUR), signal);
    }
  }

  /** Starts, replaces and ends runtimes as the policies in force want it; true where a target that is gone is still served. */
  async adjust(): Promise<boolean> {
    const { targets } = this.#deps.policies.current();
    for (const target of targets) {
      const served = this.#served.get(target.name);
      if (served !== undefined && JSON.stringify(served.target) === JSON.stringify(target)) continue;
      await this.#deps.limitConcurrency(target.name, target.limits.concurrentCreates);
      if (this.#isClosed) return false;
      const watch = served?.watch ?? new Wakeable();
      this.#served.set(target.name, { target, watch, runtime: new TargetRuntime({ ...this.#deps, watch }, target), joinedAt: this.#hasStarted ? this.#deps.clock.now() : null });
      if (served !== undefined) this.#retire(served.runtime);
    }
    this.#hasStarted = true;
    const wanted = new Set(targets.map(({ name }) => name));
    let hasGone = false;
    for (const [name, { runtime }] of this.#served) {
      if (wanted.has(name)) continue;
      if (await this.#hasWork(name)) {
        hasGone = true;
        continue;
      }
      this.#served.delete(name);
      this.#retire(runtime);
    }
    return hasGone;
  }

  /** Why runs are not being taken; null where they are. */
  problem(): string | null {
    if (!this.#hasStarted) return 'not taking runs yet';
    const now = this.#deps.clock.now();
    const old = [...this.#served.values()].filter(({ joinedAt }) => joinedAt === null || now - joinedAt > STARTING);
    const problems = old.map(({ runtime }) => runtime.problem()).filter((problem) => problem !== null);
    return problems.length === 0 ? null : problems.join('; ');
  }

  /** As TargetRuntime.close, of all of them. */
  async close(drainMs: number): Promise<boolean> {
    this.#isClosed = true;
    const drained = await Promise.all([...[...this.#served.values()].map(({ runtime }) => runtime), ...this.#retiring].map((runtime) => runtime.close(drainMs)));
    return drained.every(Boolean);
  }

  async #hasWork(target: string): Promise<boolean> {
    const { ledger, queued } = this.#deps;
    if ((await queued(target)) > 0 || (await ledger.watched(target, 1)).length > 0) return true;
    return (await ledger.openFirings()).some((firing) => firing.target === target && firing.counts.pending > 0);
  }

  #retire(runtime: TargetRuntime): void {
    this.#retiring.add(runtime);
    void runtime.close(REPLACED_DRAIN).finally(() => this.#retiring.delete(runtime));
  }
}
