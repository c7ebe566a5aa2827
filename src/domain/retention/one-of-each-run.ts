import type { Good } from './standing.ts';

/**
 * Tells the one good snapshot of each run from its duplicates: the oldest by the cloud's clock (one without a readable
 * time counts as youngest), then the one with the smaller id. Two whose marks give the same run but not the same due time are
 * no duplicates: the id of a run is made from its due time, so one of the marks was written by somebody else.
 * `newestFirst` is by due time, and within one by the same order as above; duplicates lead to the one that counts.
 */
export function oneOfEachRun(goods: readonly Good[]): { readonly newestFirst: readonly Good[]; readonly duplicates: ReadonlyMap<Good, Good> } {
  const firstOf = new Map<string, Good>();
  const counted: Good[] = [];
  const duplicates = new Map<Good, Good>();
  for (const good of goods.toSorted(oldestFirst)) {
    const first = firstOf.get(good.runId);
    if (first?.due === good.due) {
      duplicates.set(good, first);
    } else {
      firstOf.set(good.runId, good);
      counted.push(good);
    }
  }
  return { newestFirst: counted.toReversed(), duplicates };
}

function oldestFirst(a: Good, b: Good): number {
  if (a.due !== b.due) return a.due - b.due;
  const [at, bt] = [a.createdAt ?? Number.MAX_SAFE_INTEGER, b.createdAt ?? Number.MAX_SAFE_INTEGER];
  if (at !== bt) return at - bt;
  return a.id < b.id ? -1 : 1;
}
