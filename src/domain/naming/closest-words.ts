/** Beyond this many slips a word is no likely one, and finding out would cost more than it helps. */
const mostSlips = 4;

/**
 * The words of `known` that `word` was likely meant to be, nearest first, at most `max`. Case does not count; a word
 * that more than a third of its letters are away is no likely one.
 */
export function closestWords(word: string, known: Iterable<string>, max = 1): readonly string[] {
  const wanted = word.toLowerCase();
  const limit = Math.min(mostSlips, Math.max(1, Math.floor(wanted.length / 3)));
  return [...known]
    .map((candidate) => ({ candidate, distance: slipsBetween(wanted, candidate.toLowerCase(), limit) }))
    .filter((each) => each.distance <= limit)
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, max)
    .map((each) => each.candidate);
}

/** Letters to add, drop, change or swap with the neighbour to make one word of the other; above `limit` where it takes more. */
function slipsBetween(a: string, b: string, limit: number): number {
  let same = 0;
  while (same < a.length && a[same] === b[same]) same += 1;
  const [restOfA, restOfB] = [a.slice(same), b.slice(same)];
  if (restOfA === '' || restOfB === '') return Math.max(restOfA.length, restOfB.length);
  if (limit === 0) return 1;
  const [shorterA, shorterB] = [restOfA.slice(1), restOfB.slice(1)];
  const ways = [slipsBetween(shorterA, restOfB, limit - 1), slipsBetween(restOfA, shorterB, limit - 1), slipsBetween(shorterA, shorterB, limit - 1)];
  const isSwap = restOfA[0] === restOfB[1] && restOfA[1] === restOfB[0];
  if (isSwap) ways.push(slipsBetween(restOfA.slice(2), restOfB.slice(2), limit - 1));
  return 1 + Math.min(...ways);
}
