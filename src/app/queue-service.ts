import { SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Policies } from './ports/policies.ts';
import type { RunQueue } from './ports/run-queue.ts';
import type { WorkerPulse } from './ports/worker-pulse.ts';

/** A worker with a free slot asks at least every 10 s, one without renews its hold on what it has at least every 7.5 s. */
const SILENT: DurationMs = (30 * SECOND) as DurationMs;

/** With a free slot a run that waits is taken within milliseconds; so long is a queue that hands out nothing. */
const UNTAKEN: DurationMs = (30 * SECOND) as DurationMs;

const EVERY: DurationMs = (5 * SECOND) as DurationMs;

export interface QueueServiceDeps {
  readonly queue: RunQueue;
  readonly policies: Policies;
  readonly clock: Clock;
}

/**
 * Whether runs of a target really are being taken. A worker that is connected proves nothing: the queue has to have answered
 * it lately, also where there is nothing to take, and where runs wait and it has a slot free one has to have come to it.
 */
export class QueueService {
  readonly #deps: QueueServiceDeps;
  readonly #target: string;
  readonly #pulse: () => WorkerPulse;
  /** Since when runs wait although they could be taken, and how many the worker had been handed by then. */
  #untaken: { readonly since: Instant; readonly taken: number } | null = null;

  constructor(deps: QueueServiceDeps, target: string, pulse: () => WorkerPulse) {
    this.#deps = deps;
    this.#target = target;
    this.#pulse = pulse;
  }

  /** Looks every few seconds until the signal; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await this.look();
      await clock.sleepUntil(addMs(clock.now(), EVERY), signal);
    }
  }

  /** One look at the queue. */
  async look(): Promise<void> {
    const { queue, policies, clock } = this.#deps;
    const { waiting, active } = await queue.depth(this.#target);
    const { freeSlots, taken } = this.#pulse();
    const most = policies.target(this.#target)?.limits.concurrentCreates ?? Infinity;
    if (waiting === 0 || freeSlots === 0 || active >= most) this.#untaken = null;
    else if (this.#untaken?.taken !== taken) this.#untaken = { since: clock.now(), taken };
  }

  /** Why runs are not being taken; null where they are. */
  problem(): string | null {
    const { isRunning, silentMs, taken } = this.#pulse();
    if (!isRunning) return `the worker of target ${this.#target} is not running`;
    if (silentMs > SILENT) return `the queue of target ${this.#target} has not answered its worker for ${Math.floor(silentMs / SECOND)} s`;
    const untaken = this.#untaken;
    if (untaken === null || untaken.taken !== taken || this.#deps.clock.now() - untaken.since <= UNTAKEN) return null;
    return `runs of target ${this.#target} wait in the queue and none is handed out`;
  }
}
