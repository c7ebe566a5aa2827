/** One measured value of a bench. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** As it is printed; null where the figure only informs. */
  readonly target: string | null;
  readonly ok: boolean;
  /** What the value is the median of, for the spread. */
  readonly samples: readonly number[];
  /** Why there is no value: what it takes is not on this machine. */
  readonly notRun?: string;
}

export function median(samples: readonly number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? Number.NaN, sorted[middle] ?? Number.NaN];
  return sorted.length % 2 === 0 ? (low + high) / 2 : high;
}
