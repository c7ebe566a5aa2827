/** Chance that repeats: the same seed gives the same ids, delays and failures in the same order. */
export interface SeededRandom {
  /** A number in [0, 1). */
  next(): number;
  /** A whole number in [min, max], both included. */
  between(min: number, max: number): number;
  uuid(): string;
  /** Lower-case hexadecimal digits. */
  hex(digits: number): string;
}

/** The 32-bit generator known as mulberry32: small, fast, good enough for a simulation and never for secrets. */
export function seededRandom(seed: number): SeededRandom {
  let state = seed >>> 0;

  function word(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  function hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += word().toString(16).padStart(8, '0');
    return text.slice(0, digits);
  }

  return {
    next: () => word() / 0x1_0000_0000,
    between: (min, max) => min + Math.floor((word() / 0x1_0000_0000) * (max - min + 1)),
    uuid() {
      const raw = hex(32);
      const variant = '89ab'.charAt(word() & 3);
      return `${raw.slice(0, 8)}-${raw.slice(8, 12)}-4${raw.slice(13, 16)}-${variant}${raw.slice(17, 20)}-${raw.slice(20, 32)}`;
    },
    hex,
  };
}
