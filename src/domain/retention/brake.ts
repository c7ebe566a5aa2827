/** More than this many of one volume at once stop a prune. */
const MOST_OF_A_VOLUME = 3;

/** What a prune would do to one volume under the policy. */
export interface VolumePrune {
  readonly volumeId: string;
  /** Good snapshots of the policy, before the prune. */
  readonly good: number;
  /** Of these, how many would be deleted because no rule keeps them; failed ones and duplicates do not count. */
  readonly expired: number;
}

/**
 * Why a prune of a policy has to be confirmed first, in one sentence with the numbers; null where it may go on. It stops
 * at more than 3 of one volume, and at more than half of the good snapshots of the policy over all volumes: exactly 3 and exactly half pass.
 */
export function brakeReason(volumes: readonly VolumePrune[]): string | null {
  let good = 0;
  let expired = 0;
  let overfull = 0;
  let worst: VolumePrune | null = null;
  for (const volume of volumes) {
    good += volume.good;
    expired += volume.expired;
    if (volume.expired <= MOST_OF_A_VOLUME) continue;
    overfull += 1;
    if (worst === null || volume.expired > worst.expired) worst = volume;
  }
  const findings: string[] = [];
  if (worst !== null) {
    const others = overfull > 1 ? `, and too many of ${overfull - 1} more` : '';
    findings.push(`${worst.expired} snapshots of volume ${worst.volumeId} (at most ${MOST_OF_A_VOLUME} may go)${others}`);
  }
  if (expired * 2 > good) findings.push(`${expired} of the ${good} good snapshots of the policy (at most half may go)`);
  return findings.length === 0 ? null : `this would delete at once ${findings.join('; and ')}`;
}
