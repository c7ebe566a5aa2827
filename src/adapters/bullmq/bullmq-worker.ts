import { DelayedError, WaitingError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import type { RunStep } from '#app/ports/run-queue';
import type { RedisClient } from '../redis/connect.ts';
import { closeWorker } from './close-worker.ts';
import { queueNameOf } from './queue-names.ts';

export interface WorkerOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly target: string;
  readonly concurrency: number;
  /** Takes a run one step further; has to end soon after the signal. */
  readonly execute: (runId: string, signal: AbortSignal) => Promise<RunStep>;
  readonly onError: (error: Error) => void;
  /** `execute` threw: the job is gone, and the reconciler queues the run again. */
  readonly onInterrupted: (runId: string, error: Error) => void;
}

/**
 * A job whose worker is silent for this long is handed to another one, within the interval below after that: under
 * 30 s together. All workers of a queue have to use the same values (measured: the check's own key keeps the older one).
 */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 7_500;

/** BullMQ fails a job for good after this many takeovers and never counts them back (measured on 6.7.0): out of reach. */
const MAX_TAKEOVERS = 1_000_000;

/** How long a blocking read waits before it is repeated, seconds. */
const READ_WAIT_S = 5;

/** Takes run ids of one target off the queue. */
export class BullmqWorker {
  readonly #worker: Worker;

  constructor(options: WorkerOptions) {
    this.#worker = new Worker(
      queueNameOf(options.target),
      async (job: Job, token?: string, signal?: AbortSignal) => {
        const step = await executeOrHandBack(job, token, signal ?? new AbortController().signal, options);
        if (step.kind === 'done') return;
        await job.moveToDelayed(step.at, token);
        throw new DelayedError();
      },
      {
        connection: options.redis,
        prefix: options.prefix,
        concurrency: options.concurrency,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: MAX_TAKEOVERS,
        drainDelay: READ_WAIT_S,
        removeOnComplete: { count: 0 },
        removeOnFail: { count: 0 },
        autorun: false,
      },
    );
    this.#worker.on('error', options.onError);
    this.#worker.on('failed', (job, error) => options.onInterrupted(job?.id ?? '', error));
    // Whoever cannot renew its lock no longer owns the run: stop before the next step.
    this.#worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) this.#worker.cancelJob(jobId, 'lock lost');
    });
  }

  /** Takes jobs until `close`; never resolves before. */
  async run(): Promise<void> {
    await this.#worker.run();
  }

  /** Jobs are really being taken: the blocking connection is up and the loop runs. */
  isTaking(): boolean {
    return this.#worker.isRunning() && !this.#worker.isPaused();
  }

  /** As closeWorker: hands back what is not finished after `drainMs`. */
  async close(drainMs: number): Promise<boolean> {
    return closeWorker(this.#worker, drainMs);
  }
}

async function executeOrHandBack(job: Job, token: string | undefined, signal: AbortSignal, options: WorkerOptions): Promise<RunStep> {
  try {
    return await options.execute(job.id ?? '', signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    await job.moveToWait(token);
    throw new WaitingError();
  }
}
