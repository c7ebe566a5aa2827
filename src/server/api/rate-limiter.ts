/** Addresses remembered at once; beyond that all are forgotten, so that memory stays bounded. */
const MAX_ADDRESSES = 10_000;

interface Window {
  readonly endsAt: number;
  count: number;
}

/** So many of something for each address in each window of time, counted in this process. */
export class RateLimiter {
  readonly #max: number;
  readonly #windowMs: number;
  readonly #now: () => number;
  readonly #windows = new Map<string, Window>();

  constructor(options: { max: number; windowMs: number; now?: () => number }) {
    this.#max = options.max;
    this.#windowMs = options.windowMs;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Counts one more. */
  count(address: string): void {
    const window = this.#open(address);
    if (window !== null) {
      window.count += 1;
      return;
    }
    if (this.#windows.size >= MAX_ADDRESSES) this.#windows.clear();
    this.#windows.set(address, { endsAt: this.#now() + this.#windowMs, count: 1 });
  }

  /** Whole seconds until there may be another one; null where there may be one now. */
  waitSeconds(address: string): number | null {
    const window = this.#open(address);
    return window === null || window.count < this.#max ? null : Math.max(1, Math.ceil((window.endsAt - this.#now()) / 1000));
  }

  #open(address: string): Window | null {
    const window = this.#windows.get(address);
    return window === undefined || window.endsAt <= this.#now() ? null : window;
  }
}
