import { durationMs, type DurationMs } from '../time.ts';

/**
 * The wait before the next try: `initial` doubled with each try made, of which the upper half is by chance, never over
 * `max`. `attempt` counts the tries made, the first is 1; `random01` is a number in [0, 1). What the cloud asked for wins
 * where it is longer, with up to a tenth on top, so that those who were told the same do not all come back at once.
 */
export function retryDelay(input: {
  attempt: number;
  backoff: { readonly initial: DurationMs; readonly max: DurationMs };
  random01: number;
  retryAfterMs?: number | null;
}): DurationMs {
  const { attempt, backoff, random01, retryAfterMs } = input;
  const doubled = Math.min(backoff.max, backoff.initial * 2 ** Math.max(0, attempt - 1));
  const jittered = doubled / 2 + (doubled / 2) * random01;
  if (retryAfterMs === undefined || retryAfterMs === null || retryAfterMs < jittered) return durationMs(Math.round(jittered));
  return durationMs(Math.round(retryAfterMs * (1 + random01 / 10)));
}
