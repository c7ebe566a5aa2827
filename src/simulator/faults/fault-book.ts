import type { Operation } from '../operation.ts';
import type { SeededRandom } from '../state/random.ts';
import type { FaultRule } from './fault-rule.ts';
import { globMatches } from './glob.ts';

/** What a request is about, as far as rules can ask. */
export interface FaultSubject {
  readonly operation: Operation;
  readonly volumeId?: string | undefined;
  readonly volumeName?: string | undefined;
}

export interface FaultStatus {
  readonly rule: FaultRule;
  readonly matched: number;
  readonly applied: number;
}

interface Tally {
  matched: number;
  applied: number;
}

interface Entry {
  readonly rule: FaultRule;
  readonly total: Tally;
  readonly byVolume: Map<string, Tally>;
  /** Patterns without wild cards, for a look-up that does not grow with their number. */
  readonly exact: ReadonlySet<string>;
  readonly globs: readonly string[];
}

/** The rules in force. Every rule counts every call it matches; the first that is due applies. */
export class FaultBook {
  readonly #random: SeededRandom;
  #entries: Entry[] = [];

  constructor(random: SeededRandom) {
    this.#random = random;
  }

  add(rule: FaultRule): void {
    const patterns = rule.volume === undefined ? [] : typeof rule.volume === 'string' ? [rule.volume] : rule.volume;
    this.#entries.push({
      rule,
      total: { matched: 0, applied: 0 },
      byVolume: new Map(),
      exact: new Set(patterns.filter((pattern) => !/[*?]/.test(pattern))),
      globs: patterns.filter((pattern) => /[*?]/.test(pattern)),
    });
  }

  /** How many rules went. */
  remove(id: string): number {
    const before = this.#entries.length;
    this.#entries = this.#entries.filter((entry) => entry.rule.id !== id);
    return before - this.#entries.length;
  }

  clear(): void {
    this.#entries = [];
  }

  list(): FaultStatus[] {
    return this.#entries.map(({ rule, total }) => ({ rule, matched: total.matched, applied: total.applied }));
  }

  /** Counts the call in all matching rules and gives the one that applies, if any. */
  take(subject: FaultSubject): FaultRule | undefined {
    let chosen: FaultRule | undefined;
    for (const entry of this.#entries) {
      if (!matches(entry, subject)) continue;
      const tally = tallyOf(entry, subject);
      tally.matched += 1;
      if (tally !== entry.total) entry.total.matched += 1;
      if (chosen !== undefined || !this.#isDue(entry.rule, tally)) continue;
      tally.applied += 1;
      if (tally !== entry.total) entry.total.applied += 1;
      chosen = entry.rule;
    }
    return chosen;
  }

  #isDue(rule: FaultRule, tally: Tally): boolean {
    if (rule.times !== undefined && tally.applied >= rule.times) return false;
    if (rule.nth !== undefined) {
      const [first, last] = typeof rule.nth === 'number' ? [rule.nth, rule.nth] : rule.nth;
      if (tally.matched < first || tally.matched > last) return false;
    }
    if (rule.everyNth !== undefined) {
      const sinceFirst = tally.matched - (rule.startAt ?? rule.everyNth);
      if (sinceFirst < 0 || sinceFirst % rule.everyNth !== 0) return false;
    }
    return rule.probability === undefined || this.#random.next() < rule.probability;
  }
}

function matches(entry: Entry, subject: FaultSubject): boolean {
  const { rule, exact, globs } = entry;
  if (rule.operation !== '*' && rule.operation !== subject.operation) return false;
  if (rule.volume === undefined) return true;
  const names = [subject.volumeId, subject.volumeName].filter((name) => name !== undefined);
  return names.some((name) => exact.has(name) || globs.some((glob) => globMatches(glob, name)));
}

function tallyOf(entry: Entry, subject: FaultSubject): Tally {
  if (entry.rule.perVolume !== true) return entry.total;
  const key = subject.volumeId ?? '';
  let tally = entry.byVolume.get(key);
  if (tally === undefined) {
    tally = { matched: 0, applied: 0 };
    entry.byVolume.set(key, tally);
  }
  return tally;
}
