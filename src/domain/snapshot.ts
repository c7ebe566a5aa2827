import type { Instant } from './time.ts';

/** One snapshot as the cloud shows it. */
export interface Snapshot {
  readonly id: string;
  readonly volumeId: string;
  readonly name: string | null;
  /** The cloud's word: `creating`, `available`, `error`, `deleting`... An open set: an unknown word is "not finished, do not act". */
  readonly status: string;
  readonly sizeGb: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** The cloud's clock; null where the answer had none that could be read. */
  readonly createdAt: Instant | null;
}
