/** Gives back what `make` made for a key before, or makes it. */
export type Remembered<T> = (key: string, make: () => T) => T;

/**
 * Remembers what was worked out, for what depends on nothing but its key. Holds at most `limit` answers: with one more
 * the older half goes, for a process that reads new policies for months.
 */
export function remembered<T>(limit: number): Remembered<T> {
  const answers = new Map<string, { readonly value: T }>();
  return (key, make) => {
    const known = answers.get(key);
    if (known !== undefined) return known.value;
    const value = make();
    if (answers.size >= limit) {
      for (const old of [...answers.keys()].slice(0, Math.ceil(limit / 2))) answers.delete(old);
    }
    answers.set(key, { value });
    return value;
  };
}
