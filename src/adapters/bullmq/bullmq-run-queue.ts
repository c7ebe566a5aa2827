import { Queue } from 'bullmq';
import type { Clock } from '#app/ports/clock';
import type { RunQueue } from '#app/ports/run-queue';
import type { Instant } from '#domain/time';
import type { RedisClient } from '../redis/connect.ts';
import type { queueBoard } from './queue-board.ts';
import { JOB_NAME, queueNameOf } from './queue-names.ts';

/** What BullMQ 6.7.0 multiplies the time of a delayed job with, to order those of one millisecond. */
const DELAYED_SCORE = 0x1000;

/**
 * The run queue on BullMQ. The job id is the run id and the job has no data: adding an id that the queue holds does
 * nothing (measured on BullMQ 6.7.0: also while the job is active), and ended jobs are removed at once, so that an id can
 * come again. What a run has been through stands in the ledger alone.
 */
export class BullmqRunQueue implements RunQueue {
  readonly #redis: RedisClient;
  readonly #prefix: string;
  readonly #clock: Clock;
  readonly #onError: (error: Error) => void;
  readonly #queues = new Map<string, Queue>();
  #board: { readonly key: string; readonly plugin: ReturnType<typeof queueBoard> } | null = null;

  constructor(redis: RedisClient, prefix: string, clock: Clock, onError: (error: Error) => void) {
    this.#redis = redis;
    this.#prefix = prefix;
    this.#clock = clock;
    this.#onError = onError;
  }

  async enqueue(target: string, runs: readonly { runId: string; at: Instant }[]): Promise<void> {
    const now = this.#clock.now();
    await this.#queue(target).addBulk(
      runs.map(({ runId, at }) => ({
        name: JOB_NAME,
        data: {},
        opts: { jobId: runId, removeOnComplete: true, removeOnFail: true, stackTraceLimit: 1, ...(at > now ? { delay: at - now } : {}) },
      })),
    );
  }

  async missing(target: string, runIds: readonly string[]): Promise<readonly string[]> {
    const prefix = `${this.#prefix}:${queueNameOf(target)}`;
    const held = await Promise.all(runIds.map((runId) => this.#redis.exists(`${prefix}:${runId}`)));
    return runIds.filter((_, index) => held[index] === 0);
  }

  async depth(target: string): Promise<{ waiting: number; delayed: number; active: number }> {
    const queue = this.#queue(target);
    const [counts, due] = await Promise.all([
      queue.getJobCounts('wait', 'prioritized', 'delayed', 'active'),
      this.#redis.zcount(queue.toKey('delayed'), '-inf', `(${(this.#clock.now() + 1) * DELAYED_SCORE}`),
    ]);
    const of = (state: string): number => counts[state] ?? 0;
    return { waiting: of('wait') + of('prioritized') + due, delayed: Math.max(0, of('delayed') - due), active: of('active') };
  }

  /** All replicas together have at most so many runs of the target in hand. */
  async limitConcurrency(target: string, concurrency: number): Promise<void> {
    await this.#queue(target).setGlobalConcurrency(concurrency);
  }

  /** The board of the queues of these targets, loaded with all it brings when this is called; the same one for the same targets. */
  async board(targets: readonly string[], basePath: string): Promise<ReturnType<typeof queueBoard>> {
    const key = JSON.stringify([targets, basePath]);
    if (this.#board?.key === key) return this.#board.plugin;
    const { queueBoard: boardOf } = await import('./queue-board.ts');
    this.#board = { key, plugin: boardOf(targets.map((target) => this.#queue(target)), basePath) };
    return this.#board.plugin;
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#queues.values()].map((queue) => queue.close()));
  }

  #queue(target: string): Queue {
    const open = this.#queues.get(target);
    if (open !== undefined) return open;
    const queue = new Queue(queueNameOf(target), { connection: this.#redis, prefix: this.#prefix, skipWaitingForReady: true });
    queue.on('error', this.#onError);
    this.#queues.set(target, queue);
    return queue;
  }
}
