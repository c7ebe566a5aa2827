import { DelayedError, WaitingError, Worker } from 'bullmq';
import type { Job, JobJson } from 'bullmq';
import type { WorkerPulse } from '#app/ports/worker-pulse';
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

/**
 * Notes when the queue answers. Every answer to "is there a job?" passes through here on BullMQ 6.7.0, also the one that comes
 * with the end of another job; while no slot is free none is asked for, and the renewal of the locks stands for it.
 */
class PulsingWorker extends Worker {
  heardAt = performance.now();
  taken = 0;

  protected override async nextJobFromJobData(jobData?: JobJson, jobId?: string, token?: string): Promise<Job> {
    this.heardAt = performance.now();
    if (jobData) this.taken += 1;
    return super.nextJobFromJobData(jobData, jobId, token);
  }
}

/** Takes run ids of one target off the queue. */
export class BullmqWorker {
  readonly #worker: PulsingWorker;
  readonly #concurrency: number;
  #inHand = 0;
  #isClosing = false;

  constructor(options: WorkerOptions) {
    this.#concurrency = options.concurrency;
    this.#worker = new PulsingWorker(
      queueNameOf(options.target),
      async (job: Job, token?: string, signal?: AbortSignal) => {
        // A read that was out when the worker began to close may still bring a run, the one just handed back even (seen on 6.7.0).
        if (this.#isClosing) {
          await job.moveToDelayed(Date.now(), token);
          throw new DelayedError();
        }
        this.#inHand += 1;
        try {
          const step = await executeOrHandBack(job, token, signal ?? new AbortController().signal, options);
          if (step.kind === 'done') return;
          await job.moveToDelayed(step.at, token);
          throw new DelayedError();
        } finally {
          this.#inHand -= 1;
        }
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
    this.#worker.on('locksRenewed', () => {
      this.#worker.heardAt = performance.now();
    });
    // Whoever cannot renew its lock no longer owns the run: stop before the next step.
    this.#worker.on('lockRenewalFailed', (jobIds) => {
      for (const jobId of jobIds) this.#worker.cancelJob(jobId, 'lock lost');
    });
  }

  /** Takes jobs until `close`; never resolves before. */
  async run(): Promise<void> {
    await this.#worker.run();
  }

  pulse(): WorkerPulse {
    return {
      isRunning: this.#worker.isRunning() && !this.#worker.isPaused(),
      silentMs: performance.now() - this.#worker.heardAt,
      freeSlots: Math.max(0, this.#concurrency - this.#inHand),
      taken: this.#worker.taken,
    };
  }

  /** As closeWorker: hands back what is not finished after `drainMs`. */
  async close(drainMs: number): Promise<boolean> {
    this.#isClosing = true;
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
