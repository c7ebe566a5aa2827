/** What an {@link OrderedIndex} sorts by: creation time first, id second. */
export interface Ordered {
  readonly id: string;
  /** Any unit, as long as all of one index share it. */
  readonly sortKey: number;
}

const blockSize = 512;

/** Negative when `left` is older than `right`; ties fall to the id, as in a Cinder listing (seen on Cinder 21.3.1). */
export function compareOrdered(left: Ordered, right: Ordered): number {
  if (left.sortKey !== right.sortKey) return left.sortKey - right.sortKey;
  if (left.id === right.id) return 0;
  return left.id < right.id ? -1 : 1;
}

/**
 * Items kept sorted, oldest to newest, in blocks of bounded length: adding, removing and starting a page at a
 * marker touch one block, whatever the number of items.
 */
export class OrderedIndex<T extends Ordered> {
  /** How many items were looked at or moved so far: lets a test bound the work without a stopwatch. */
  steps = 0;
  #blocks: T[][] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    this.#size += 1;
    const last = this.#blocks.at(-1);
    const newest = last?.at(-1);
    if (last === undefined || newest === undefined) {
      this.#blocks = [[item]];
      return;
    }
    if (compareOrdered(newest, item) < 0) {
      if (last.length < blockSize) last.push(item);
      else this.#blocks.push([item]);
      this.steps += 1;
      return;
    }
    const blockAt = this.#blockFor(item);
    const block = this.#blocks[blockAt] ?? [];
    const at = this.#positionIn(block, item);
    this.steps += block.length - at;
    block.splice(at, 0, item);
    if (block.length > blockSize) this.#blocks.splice(blockAt + 1, 0, block.splice(blockSize / 2));
  }

  /** Whether the item was there. */
  remove(item: T): boolean {
    if (this.#size === 0) return false;
    const blockAt = this.#blockFor(item);
    const block = this.#blocks[blockAt] ?? [];
    const at = this.#positionIn(block, item);
    if (block[at] !== item) return false;
    this.steps += block.length - at;
    block.splice(at, 1);
    if (block.length === 0) this.#blocks.splice(blockAt, 1);
    this.#size -= 1;
    return true;
  }

  /**
   * Newest first; with `after`, what comes after that item, which itself need not be in the index. The first `skip`
   * are left out, whole blocks at a time.
   */
  *newestFirst(after?: Ordered, skip = 0): Generator<T> {
    const startBlock = after === undefined ? this.#blocks.length - 1 : this.#blockFor(after);
    let toSkip = skip;
    for (let blockAt = startBlock; blockAt >= 0; blockAt -= 1) {
      const block = this.#blocks[blockAt] ?? [];
      const length = after !== undefined && blockAt === startBlock ? this.#positionIn(block, after) : block.length;
      const end = length - toSkip;
      toSkip = Math.max(0, -end);
      if (end <= 0) this.steps += 1;
      for (let at = end - 1; at >= 0; at -= 1) {
        this.steps += 1;
        const item = block[at];
        if (item !== undefined) yield item;
      }
    }
  }

  /** Oldest first; with `after`, what comes after that item. */
  *oldestFirst(after?: Ordered): Generator<T> {
    const startBlock = after === undefined ? 0 : this.#blockFor(after);
    for (let blockAt = startBlock; blockAt < this.#blocks.length; blockAt += 1) {
      const block = this.#blocks[blockAt] ?? [];
      let start = 0;
      if (after !== undefined && blockAt === startBlock) {
        start = this.#positionIn(block, after);
        if (block[start]?.id === after.id) start += 1;
      }
      for (let at = start; at < block.length; at += 1) {
        this.steps += 1;
        const item = block[at];
        if (item !== undefined) yield item;
      }
    }
  }

  /** The block that holds the item, or where it would belong: the last one that starts at or before it. */
  #blockFor(item: Ordered): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      const first = this.#blocks[middle]?.[0];
      this.steps += 1;
      if (first !== undefined && compareOrdered(first, item) <= 0) low = middle;
      else high = middle - 1;
    }
    return Math.max(low, 0);
  }

  /** The first position whose item is not older than the given one. */
  #positionIn(block: readonly T[], item: Ordered): number {
    let low = 0;
    let high = block.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = block[middle];
      this.steps += 1;
      if (other !== undefined && compareOrdered(other, item) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
