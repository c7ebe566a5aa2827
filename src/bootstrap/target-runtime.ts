import { setTimeout } from 'node:timers/promises';
import { executeRun } from '#app/execute-run';
import { runPruning } from '#app/prune/prune-loop';
import { QueueService } from '#app/queue-service';
import { runReconciler } from '#app/reconcile';
import { supervise } from '#app/supervise';
import type { Wakeable } from '#app/wakeable';
import { runWatch } from '#app/watch-loop';
import type { Traces } from '#app/ports/traces';
import type { WatchDeps } from '#app/watched-run';
import type { Target } from '#domain/target';
import { BullmqWorker } from '../adapters/bullmq/bullmq-worker.ts';
import type { RedisClient } from '../adapters/redis/connect.ts';

/** The loops end with their signal, unless they hang in a call to a Redis that is away. */
const LOOPS_END_MS = 2_000;

export interface TargetRuntimeDeps extends Omit<WatchDeps, 'accepted' | 'traces'> {
  readonly replica: string;
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly onQueueError: (error: Error) => void;
  /** Null where runs are not traced. */
  readonly traces: Traces | null;
  /** Woken when a snapshot is being made; shared by the runtimes that replace each other for one target. */
  readonly watch: Wakeable;
}

/** Everything a worker process runs for one target: taking runs, watching snapshots, finding lost runs. */
export class TargetRuntime {
  readonly #worker: BullmqWorker;
  readonly #service: QueueService;
  readonly #stop = new AbortController();
  readonly #loops: readonly Promise<void>[];

  constructor(deps: TargetRuntimeDeps, target: Target) {
    const { watch } = deps;
    const app = { ...deps, accepted: () => watch.wake() };
    this.#worker = new BullmqWorker({
      redis: deps.redis,
      prefix: deps.prefix,
      target: target.name,
      concurrency: target.limits.concurrentCreates,
      execute: (runId, signal) => {
        const execute = () => executeRun(app, runId, signal);
        return deps.traces === null ? execute() : deps.traces.step(runId, execute);
      },
      onError: deps.onQueueError,
      onInterrupted: (runId, error) => deps.telemetry.emit('run.interrupted', { target: target.name, runId, errorMessage: error.message }),
    });
    const service = new QueueService(deps, target.name, () => this.#worker.pulse());
    this.#service = service;
    const { signal } = this.#stop;
    this.#loops = [
      supervise(app, `worker ${target.name}`, () => this.#worker.run(), signal),
      supervise(app, `watch ${target.name}`, (stop) => runWatch(app, target.name, watch, stop), signal),
      supervise(app, `reconcile ${target.name}`, (stop) => runReconciler(app, target.name, stop), signal),
      supervise(app, `prune ${target.name}`, (stop) => runPruning(app, target.name, stop), signal),
      supervise(app, `service ${target.name}`, (stop) => service.run(stop), signal),
    ];
  }

  /** Why runs of the target are not being taken; null where they are. */
  problem(): string | null {
    return this.#service.problem();
  }

  /** Takes no new run, lets those in hand finish within `drainMs`, then hands them back. False where some had to be cut off. */
  async close(drainMs: number): Promise<boolean> {
    this.#stop.abort(new Error('stopping'));
    const drained = await this.#worker.close(drainMs);
    await Promise.race([Promise.allSettled(this.#loops), setTimeout(LOOPS_END_MS, undefined, { ref: false })]);
    return drained;
  }
}
