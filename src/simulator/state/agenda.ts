interface Entry {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * Things that happen at a later time of the simulated clock. Nothing ticks: whoever looks at the cloud first calls
 * {@link Agenda.runDue}, so half a million waiting entries cost memory and no timers.
 */
export class Agenda {
  readonly #heap: Entry[] = [];
  #order = 0;

  /** Entries for the same instant run in the order they were added. */
  add(atMs: number, run: () => void): void {
    this.#order += 1;
    this.#heap.push({ atMs, order: this.#order, run });
    this.#rise(this.#heap.length - 1);
  }

  /** Runs all that is due at `nowMs`, the entry's own instant included. */
  runDue(nowMs: number): void {
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= nowMs; next = this.#heap[0]) {
      const last = this.#heap.pop();
      if (last !== undefined && last !== next) {
        this.#heap[0] = last;
        this.#sink(0);
      }
      next.run();
    }
  }

  #earlier(left: number, right: number): boolean {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return a !== undefined;
    return a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
  }

  #swap(left: number, right: number): void {
    const a = this.#heap[left];
    const b = this.#heap[right];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }

  #rise(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#earlier(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #sink(from: number): void {
    let at = from;
    for (;;) {
      const left = at * 2 + 1;
      let first = at;
      if (left < this.#heap.length && this.#earlier(left, first)) first = left;
      if (left + 1 < this.#heap.length && this.#earlier(left + 1, first)) first = left + 1;
      if (first === at) return;
      this.#swap(at, first);
      at = first;
    }
  }
}
