import type { Job, Queue } from 'bullmq';
import type { NoticeJob, Recipient } from '#app/ports/notice-queue';
import { decodeNotice } from './notice-codec.ts';

/** Calls that may wait for one recipient. One that is dead gets so many of the oldest when it comes back within their day. */
export const MOST_PER_RECIPIENT = 500;

/** What was counted counts for this long; what this process adds meanwhile is added to it. */
const COUNT_AGAIN_MS = 10_000;

const PAGE = 250;

/** Keeps the calls to a recipient that takes none from filling the store. */
export class RecipientBounds {
  readonly #queue: Queue;
  readonly #most: number;
  #counted: { readonly at: number; readonly byRecipient: Map<string, number> } | null = null;

  constructor(queue: Queue, most: number) {
    this.#queue = queue;
    this.#most = most;
  }

  /** Splits new calls into those there is room for and those there is not. Reads the queue only where it holds more than one recipient may. */
  async split(jobs: readonly NoticeJob[]): Promise<{ readonly fits: readonly NoticeJob[]; readonly tooMany: readonly NoticeJob[] }> {
    const held = await this.#queue.getJobCountByTypes('wait', 'delayed', 'active');
    if (held + jobs.length <= this.#most) return { fits: jobs, tooMany: [] };
    const byRecipient = await this.#count();
    const [fits, tooMany]: [NoticeJob[], NoticeJob[]] = [[], []];
    for (const job of jobs) {
      const key = keyOf(job.to);
      const count = byRecipient.get(key) ?? 0;
      if (count >= this.#most) tooMany.push(job);
      else {
        byRecipient.set(key, count + 1);
        fits.push(job);
      }
    }
    return { fits, tooMany };
  }

  async #count(): Promise<Map<string, number>> {
    if (this.#counted !== null && performance.now() - this.#counted.at < COUNT_AGAIN_MS) return this.#counted.byRecipient;
    const byRecipient = new Map<string, number>();
    for (const state of ['wait', 'delayed', 'active'] as const) {
      for (let from = 0; ; from += PAGE) {
        const page: (Job | undefined)[] = await this.#queue.getJobs([state], from, from + PAGE - 1);
        for (const job of page) {
          const key = job === undefined ? null : recipientOf(job);
          if (key !== null) byRecipient.set(key, (byRecipient.get(key) ?? 0) + 1);
        }
        if (page.length < PAGE) break;
      }
    }
    this.#counted = { at: performance.now(), byRecipient };
    return byRecipient;
  }
}

function keyOf(to: Recipient): string {
  return to.kind === 'receiver' ? `receiver ${to.name}` : `heartbeat ${to.policy}`;
}

/** Null where what is queued cannot be read: nobody is called with it. */
function recipientOf(job: Job): string | null {
  try {
    return keyOf(decodeNotice(job).to);
  } catch {
    return null;
  }
}
