import type { Ordered, OrderedIndex } from '../state/ordered-index.ts';
import type { PageRequest } from './page-request.ts';

export interface Page<T> {
  readonly items: readonly T[];
  /** Whether at least one more item follows. */
  readonly hasMore: boolean;
}

export interface Source<T extends Ordered> {
  readonly index: OrderedIndex<T>;
  /** Undefined when everything passes, which lets an offset skip without looking. */
  readonly accepts: ((item: T) => boolean) | undefined;
  readonly marker: T | undefined;
  /** For sort keys other than `created_at`. */
  readonly valueOf: (item: T, sortKey: string) => string | number;
}

/** One page of a listing, newest first unless asked otherwise. Costs the page, not the size of the whole. */
export function takePage<T extends Ordered>(source: Source<T>, page: PageRequest): Page<T> {
  const canSkipBlind = source.accepts === undefined && page.sortKey === 'created_at' && page.sortDir === 'desc';
  let toSkip = canSkipBlind ? 0 : page.offset;
  const items: T[] = [];
  for (const item of walk(source, page, canSkipBlind ? page.offset : 0)) {
    if (source.accepts !== undefined && !source.accepts(item)) continue;
    if (toSkip > 0) {
      toSkip -= 1;
      continue;
    }
    if (items.length === page.limit) return { items, hasMore: true };
    items.push(item);
  }
  return { items, hasMore: false };
}

function walk<T extends Ordered>(source: Source<T>, page: PageRequest, skip: number): Iterable<T> {
  const { index, marker } = source;
  if (page.sortKey === 'created_at') {
    return page.sortDir === 'desc' ? index.newestFirst(marker, skip) : index.oldestFirst(marker);
  }
  const sign = page.sortDir === 'desc' ? -1 : 1;
  const sorted = [...index.oldestFirst()].toSorted((left, right) => {
    const a = source.valueOf(left, page.sortKey);
    const b = source.valueOf(right, page.sortKey);
    if (a === b) return left.id < right.id ? -sign : sign;
    return a < b ? -sign : sign;
  });
  return marker === undefined ? sorted : sorted.slice(sorted.indexOf(marker) + 1);
}

/** How many items pass; walks all of them. */
export function countAccepted<T extends Ordered>(source: Source<T>): number {
  if (source.accepts === undefined) return source.index.size;
  let count = 0;
  for (const item of source.index.newestFirst()) if (source.accepts(item)) count += 1;
  return count;
}
