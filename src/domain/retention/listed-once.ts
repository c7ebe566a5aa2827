import type { Snapshot } from '../snapshot.ts';
import type { Standing } from './standing.ts';

/** What stands behind one id, shared by all entries of a listing that bear it. */
interface Subject {
  standing: Standing;
}

export interface Listed {
  readonly snapshot: Snapshot;
  readonly subject: Readonly<Subject>;
}

/**
 * Pages shift while a listing goes on, so a snapshot can be listed twice: it is one snapshot still, never a duplicate of
 * itself. Where its entries are not alike it changed meanwhile, and is left to the next time. `listed` is in the order given.
 */
export function listedOnce(
  snapshots: readonly Snapshot[],
  standingOf: (snapshot: Snapshot) => Standing,
): { readonly listed: readonly Listed[]; readonly standings: readonly Standing[] } {
  const subjects = new Map<string, Subject>();
  const listed = snapshots.map((snapshot): Listed => {
    const standing = standingOf(snapshot);
    const known = subjects.get(snapshot.id);
    if (known !== undefined) {
      if (!areAlike(known.standing, standing)) known.standing = { kind: 'ignored', reason: 'changed while the snapshots were listed' };
      return { snapshot, subject: known };
    }
    const subject = { standing };
    subjects.set(snapshot.id, subject);
    return { snapshot, subject };
  });
  return { listed, standings: [...subjects.values()].map(({ standing }) => standing) };
}

function areAlike(a: Standing, b: Standing): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
