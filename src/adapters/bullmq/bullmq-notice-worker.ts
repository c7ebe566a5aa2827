import { UnrecoverableError, WaitingError, Worker } from 'bullmq';
import type { Job } from 'bullmq';
import type { NoticeJob } from '#app/ports/notice-queue';
import type { RedisClient } from '../redis/connect.ts';
import { closeWorker } from './close-worker.ts';
import { decodeNotice } from './notice-codec.ts';
import { NOTICE_QUEUE } from './queue-names.ts';

/** What becomes of a call after one try. */
type Delivery = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: number; readonly reason: string } | { readonly kind: 'never'; readonly reason: string };

export interface NoticeWorkerOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  /** Makes one try; `attempt` counts from 1. Has to end soon after the signal. */
  readonly deliver: (job: NoticeJob, attempt: number, signal: AbortSignal) => Promise<Delivery>;
  readonly onError: (error: Error) => void;
  /** `deliver` threw, or what is queued cannot be read: tried again later. */
  readonly onBroken: (attempt: number, error: Error) => void;
}

/** Calls under way at once: each mostly waits, and one receiver that is slow has to leave room for the others. */
const CONCURRENCY = 32;

/** Longer than a call may take; the rest is as for runs. */
const LOCK_MS = 15_000;
const STALLED_CHECK_MS = 7_500;
const MAX_TAKEOVERS = 1_000_000;
const READ_WAIT_S = 5;

/** An error nobody expected, such as a record that cannot be read: seconds later it may be another. */
const UNEXPECTED_MS = 60_000;

class AgainError extends Error {
  readonly delayMs: number;

  constructor(reason: string, delayMs: number) {
    super(reason);
    this.delayMs = delayMs;
  }
}

/** Takes calls to receivers off the queue and makes them. */
export class BullmqNoticeWorker {
  readonly #worker: Worker;

  constructor(options: NoticeWorkerOptions) {
    this.#worker = new Worker(
      NOTICE_QUEUE,
      async (job: Job, token?: string, signal?: AbortSignal) => {
        const delivery = await deliverOrHandBack(job, token, signal ?? new AbortController().signal, options);
        if (delivery.kind === 'never') throw new UnrecoverableError(delivery.reason);
        if (delivery.kind === 'again') throw new AgainError(delivery.reason, delivery.delayMs);
      },
      {
        connection: options.redis,
        prefix: options.prefix,
        concurrency: CONCURRENCY,
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
        maxStalledCount: MAX_TAKEOVERS,
        drainDelay: READ_WAIT_S,
        autorun: false,
        settings: { backoffStrategy: (_attempts, _type, error) => (error instanceof AgainError ? error.delayMs : UNEXPECTED_MS) },
      },
    );
    this.#worker.on('error', options.onError);
    this.#worker.on('failed', (job, error) => {
      if (!(error instanceof AgainError || error instanceof UnrecoverableError)) options.onBroken(job?.attemptsMade ?? 0, error);
    });
  }

  /** Takes calls until `close`; never resolves before. */
  async run(): Promise<void> {
    await this.#worker.run();
  }

  /** As closeWorker: a call cut off is made again by another process. */
  async close(drainMs: number): Promise<boolean> {
    return closeWorker(this.#worker, drainMs);
  }
}

async function deliverOrHandBack(job: Job, token: string | undefined, signal: AbortSignal, options: NoticeWorkerOptions): Promise<Delivery> {
  try {
    return await options.deliver(decodeNotice(job), job.attemptsMade + 1, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    await job.moveToWait(token);
    throw new WaitingError();
  }
}
