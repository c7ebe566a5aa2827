/** How long an answer is good for whoever asks the same, ms. */
const FRESH_MS = 1_000;
const MAX_KEPT = 100;

/**
 * Many readers of the same cost as much as one: an answer being made, or made within the last second, is shared. A rejected
 * one is not kept.
 */
export class SharedAnswers<T> {
  readonly #kept = new Map<string, { readonly answer: Promise<T>; at: number }>();

  async get(key: string, make: () => Promise<T>): Promise<T> {
    const known = this.#kept.get(key);
    if (known !== undefined && performance.now() < known.at + FRESH_MS) return known.answer;
    if (this.#kept.size >= MAX_KEPT) this.#kept.clear();
    const entry = { answer: make(), at: Number.POSITIVE_INFINITY };
    this.#kept.set(key, entry);
    entry.answer.then(
      () => (entry.at = performance.now()),
      () => this.#kept.delete(key),
    );
    return entry.answer;
  }

  /** Something has been changed: what was read before does not show it. */
  forget(): void {
    this.#kept.clear();
  }
}
