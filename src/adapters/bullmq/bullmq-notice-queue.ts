import { Queue } from 'bullmq';
import type { NoticeJob, NoticeQueue } from '#app/ports/notice-queue';
import { DAY, SECOND, WEEK } from '#domain/time';
import type { RedisClient } from '../redis/connect.ts';
import { encodeNotice } from './notice-codec.ts';
import { NOTICE_QUEUE } from './queue-names.ts';
import { MOST_PER_RECIPIENT, RecipientBounds } from './recipient-bounds.ts';

/**
 * Ended calls are kept so that their ids cannot come again at once, and a few failed ones for whoever looks into the queue.
 * Both are bounds in seconds and numbers; BullMQ holds to them when the next call of the queue ends.
 */
const KEEP_SENT = { age: DAY / SECOND, count: 1_000 };
const KEEP_FAILED = { age: WEEK / SECOND, count: 500 };

export interface NoticeQueueOptions {
  readonly redis: RedisClient;
  readonly prefix: string;
  readonly onError: (error: Error) => void;
  /** A call that was not queued, because as many as may wait for its recipient. */
  readonly onDropped: (job: NoticeJob) => void;
  readonly mostPerRecipient?: number;
}

/**
 * Calls to receivers on BullMQ. The job id is the id of the call: adding one that the queue holds, waiting or ended, does
 * nothing, on which those who may queue the same call twice rely.
 */
export class BullmqNoticeQueue implements NoticeQueue {
  readonly #queue: Queue;
  readonly #bounds: RecipientBounds;
  readonly #options: NoticeQueueOptions;

  constructor(options: NoticeQueueOptions) {
    this.#options = options;
    this.#queue = new Queue(NOTICE_QUEUE, { connection: options.redis, prefix: options.prefix, skipWaitingForReady: true });
    this.#queue.on('error', options.onError);
    this.#bounds = new RecipientBounds(this.#queue, options.mostPerRecipient ?? MOST_PER_RECIPIENT);
  }

  async enqueue(jobs: readonly NoticeJob[]): Promise<void> {
    const { fits, tooMany } = await this.#bounds.split(jobs);
    for (const job of tooMany) this.#options.onDropped(job);
    if (fits.length === 0) return;
    await this.#queue.addBulk(
      fits.map((job) => ({
        name: job.about,
        data: encodeNotice(job),
        opts: { jobId: job.id, attempts: job.attempts, backoff: { type: 'custom' }, removeOnComplete: KEEP_SENT, removeOnFail: KEEP_FAILED, stackTraceLimit: 1 },
      })),
    );
  }

  async close(): Promise<void> {
    await this.#queue.close();
  }
}
