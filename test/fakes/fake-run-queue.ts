import type { RunQueue, RunStep } from '#app/ports/run-queue';
import { instant } from '#domain/time';
import type { Instant } from '#domain/time';
import type { ManualClock } from './manual-clock.ts';

interface Job {
  readonly target: string;
  readonly runId: string;
  at: Instant;
  active: boolean;
}

export type Execute = (runId: string, signal: AbortSignal) => Promise<RunStep>;

/** The run queue in memory, with a driver in place of workers. */
export class FakeRunQueue implements RunQueue {
  readonly #clock: ManualClock;
  #jobs: Job[] = [];
  /** How many run ids each call of `enqueue` handed in, repeated ones too. */
  readonly enqueued: number[] = [];

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  async enqueue(target: string, runs: readonly { runId: string; at: Instant }[]): Promise<void> {
    this.enqueued.push(runs.length);
    for (const { runId, at } of runs) {
      if (!this.#jobs.some((job) => job.target === target && job.runId === runId)) this.#jobs.push({ target, runId, at, active: false });
    }
  }

  async missing(target: string, runIds: readonly string[]): Promise<readonly string[]> {
    const held = new Set(this.#jobs.filter((job) => job.target === target).map(({ runId }) => runId));
    return runIds.filter((runId) => !held.has(runId));
  }

  async depth(target: string): Promise<{ waiting: number; delayed: number; active: number }> {
    const jobs = this.#jobs.filter((job) => job.target === target);
    const idle = jobs.filter(({ active }) => !active);
    const waiting = idle.filter(({ at }) => at <= this.#clock.now()).length;
    return { waiting, delayed: idle.length - waiting, active: jobs.length - idle.length };
  }

  get size(): number {
    return this.#jobs.length;
  }

  /** When the next run id is to be handed out; null where there is none. */
  get nextAt(): Instant | null {
    const idle = this.#jobs.filter(({ active }) => !active);
    return idle.length === 0 ? null : instant(Math.min(...idle.map(({ at }) => at)));
  }

  /** Hands out the first run id whose time has come; false where there is none. One whose `execute` throws is dropped, as BullMQ drops a failed job. */
  async step(execute: Execute, signal: AbortSignal = new AbortController().signal): Promise<boolean> {
    const job = this.#jobs.filter(({ at, active }) => !active && at <= this.#clock.now()).toSorted((a, b) => a.at - b.at)[0];
    if (job === undefined) return false;
    job.active = true;
    const drop = (): void => {
      this.#jobs = this.#jobs.filter((each) => each !== job);
    };
    try {
      const step = await execute(job.runId, signal);
      job.active = false;
      if (step.kind === 'done') drop();
      else job.at = step.at;
    } catch (error) {
      drop();
      throw error;
    }
    return true;
  }

  /** Hands out everything in order of time and moves the clock to what comes later, up to `until`. */
  async drain(execute: Execute, until: Instant): Promise<void> {
    for (;;) {
      while (await this.step(execute));
      const next = this.nextAt;
      if (next === null || next > until) return;
      await this.#clock.advanceTo(next);
    }
  }

  /** The store lost it. */
  lose(runId: string): void {
    this.#jobs = this.#jobs.filter((job) => job.runId !== runId);
  }

  /** The worker that had it is silent: another one gets it. */
  takeOver(): void {
    for (const job of this.#jobs) job.active = false;
  }
}
