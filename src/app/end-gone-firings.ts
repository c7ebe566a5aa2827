import { SECOND } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { endUnserved } from './end-unserved.ts';
import { finishedFiring } from './finish-firing.ts';
import { isGone } from './gone-policy.ts';
import type { Clock } from './ports/clock.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { Telemetry } from './ports/telemetry.ts';

export interface EndGoneDeps {
  readonly ledger: Ledger;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly replica: string;
}

const LEASE: DurationMs = (10 * SECOND) as DurationMs;

/**
 * Firings that were being planned when their policy was taken out of the files are planned no further: they are closed with
 * the runs they have; runs on a target that is gone are ended, see endUnserved. A firing that is being planned just now, here (`isAtWork`) or by another replica, or whose policy may only be new, is left alone. Returns how many were left: they
 * have to be looked at again.
 */
export async function endGoneFirings(deps: EndGoneDeps, isAtWork: (policy: string) => boolean): Promise<number> {
  let left = 0;
  for (const firing of await deps.ledger.openFirings()) {
    if (firing.total !== null) {
      await endUnserved(deps, firing);
      continue;
    }
    if (deps.policies.policy(firing.policy) !== null) continue;
    const lease = `plan:${firing.policy}`;
    if (isAtWork(firing.policy) || !isGone(deps, firing) || !(await deps.ledger.acquireLease(lease, deps.replica, LEASE))) {
      left += 1;
      continue;
    }
    const closed = await deps.ledger.closeFiring(firing);
    if (closed.finishedAt !== null) finishedFiring(deps, closed);
    await deps.ledger.releaseLease(lease, deps.replica);
  }
  return left;
}
