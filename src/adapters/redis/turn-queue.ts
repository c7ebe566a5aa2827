import type { CallPriority } from '#app/ports/cloud';

interface Waiter {
  readonly since: number;
  readonly go: () => void;
  readonly fail: (error: unknown) => void;
}

const order: readonly CallPriority[] = ['create', 'watch', 'prune'];

/**
 * Whoever has waited for this long, ms, goes first whatever its priority: creates alone could use up a rate for hours,
 * and a snapshot that is never looked at never counts.
 */
const PATIENCE_MS: Readonly<Record<CallPriority, number>> = { create: 0, watch: 5_000, prune: 30_000 };

/** Calls waiting for their turn: creates before looks before prunes, each in order of arrival. */
export class TurnQueue {
  readonly #waiters: Readonly<Record<CallPriority, Set<Waiter>>> = { create: new Set(), watch: new Set(), prune: new Set() };

  get size(): number {
    return order.reduce((sum, priority) => sum + this.#waiters[priority].size, 0);
  }

  /** Resolves when it is this call's turn; rejects with the abort reason. */
  wait(priority: CallPriority, now: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const waiters = this.#waiters[priority];
      const waiter: Waiter = { since: now, go: leave(resolve), fail: (error) => leave(() => reject(error instanceof Error ? error : new Error(String(error))))() };
      waiters.add(waiter);
      const aborted = leave(() => reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted')));
      signal?.addEventListener('abort', aborted, { once: true });

      function leave(then: () => void): () => void {
        return () => {
          waiters.delete(waiter);
          signal?.removeEventListener('abort', aborted);
          then();
        };
      }
    });
  }

  /** Lets the next one go; false where none waits. */
  next(now: number): boolean {
    const impatient = order.slice(1).find((priority) => this.#first(priority, (waiter) => now - waiter.since >= PATIENCE_MS[priority]) !== null);
    const chosen = impatient ?? order.find((priority) => this.#waiters[priority].size > 0);
    const waiter = chosen === undefined ? null : this.#first(chosen, () => true);
    waiter?.go();
    return waiter !== null;
  }

  /** Nobody gets a turn: the reason is theirs. */
  failAll(error: unknown): void {
    for (const priority of order) for (const waiter of this.#waiters[priority]) waiter.fail(error);
  }

  #first(priority: CallPriority, holds: (waiter: Waiter) => boolean): Waiter | null {
    const [first] = this.#waiters[priority];
    return first !== undefined && holds(first) ? first : null;
  }
}
