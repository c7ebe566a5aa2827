import { createHash } from 'node:crypto';
import { durationMs } from '../time.ts';
import type { DurationMs } from '../time.ts';

/**
 * How long after the due time a volume starts: a share of `spread` fixed by a hash of its id, in [0, `spread`), whole
 * milliseconds. 0 where `spread` is 0. Many volumes lie evenly over it.
 */
export function spreadOffset(volumeId: string, spread: DurationMs): DurationMs {
  const share = createHash('sha256').update(volumeId).digest().readUIntBE(0, 6) / 2 ** 48;
  return durationMs(Math.floor(share * spread));
}
