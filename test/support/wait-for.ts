import { inspect } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';

export interface WaitOptions {
  /** Default 10 s. */
  timeoutMs?: number;
  /** Default 50 ms. */
  intervalMs?: number;
  /** What is waited for, as it shall stand in the error. */
  what?: string;
}

/**
 * Asks again and again until `accept` likes the answer (default: until it is truthy) and gives that answer back.
 * At the deadline it throws with the last answer, or the last error that `probe` threw. For black-box tests of whole
 * processes only: inside a process wait on events and drive the manual clock instead.
 */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  accept: (value: T) => boolean = Boolean,
  { timeoutMs = 10_000, intervalMs = 50, what = 'the condition' }: WaitOptions = {},
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: { value: T } | { error: unknown };
    try {
      const value = await probe();
      if (accept(value)) return value;
      last = { value };
    } catch (error) {
      last = { error };
    }
    if (performance.now() + intervalMs > deadline) {
      if ('error' in last) throw new Error(`waited ${timeoutMs} ms for ${what}; the last try threw`, { cause: last.error });
      throw new Error(`waited ${timeoutMs} ms for ${what}; the last value was ${inspect(last.value, { depth: 4 })}`);
    }
    await sleep(intervalMs);
  }
}
