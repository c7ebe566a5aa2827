import { firingIdOf } from '#domain/naming/run-id';
import type { Policy } from '#domain/policy';
import type { Trigger } from '#domain/run';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { SECOND, addMs } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';

export interface RequestDeps {
  readonly ledger: Ledger;
  readonly policies: Policies;
}

/** What was asked for: the firing is recorded, and planned by whoever schedules. */
export interface RequestedFiring {
  readonly firingId: string;
  readonly due: Instant;
}

/** The policy fires so often that no second is left for a firing of one's own. */
export class NoFreeSecondError extends Error {
  override readonly name = 'NoFreeSecondError';
}

/** A second that is taken is passed over, up to so many. */
const SECONDS_TRIED = 30;

/**
 * Asks for a firing of the policy now, of these volumes or (null) of all. Its due time is the present second of the
 * store's clock, or the next one that is neither a due time of the schedule nor taken by another firing: one asked for never
 * stands in for one that is due, and two asked for are two.
 */
export async function requestManualFiring(deps: RequestDeps, policy: Policy, only: readonly string[] | null): Promise<RequestedFiring> {
  const now = await deps.ledger.now();
  const present = (Math.floor(now / SECOND) * SECOND) as Instant;
  const fireTimes = fireTimesOf(policy.schedule);
  for (let second = 0; second < SECONDS_TRIED; second += 1) {
    const due = addMs(present, second * SECOND);
    if (fireTimes.previous(addMs(due, SECOND)) === due) continue;
    const firingId = await request(deps, policy, due, 'manual', now, only);
    if (firingId !== null) return { firingId, due };
  }
  throw new NoFreeSecondError(`policy ${policy.name} fires every second: there is no second left for a firing of its own`);
}

/** Asks for the newest due time in (`since`, now]; null where there is none or it has its firing already. */
export async function requestCatchUp(deps: RequestDeps, policy: Policy, since: Instant): Promise<RequestedFiring | null> {
  const now = await deps.ledger.now();
  const due = fireTimesOf(policy.schedule).previous(addMs(now, 1));
  if (due === null || due <= since) return null;
  const firingId = await request(deps, policy, due, 'catch-up', now, null);
  return firingId === null ? null : { firingId, due };
}

async function request(deps: RequestDeps, policy: Policy, due: Instant, trigger: Trigger, plannedAt: Instant, only: readonly string[] | null): Promise<string | null> {
  const id = firingIdOf(deps.policies.current().instance, policy.name, due);
  const firing = { id, policy: policy.name, target: policy.target, due, trigger, plannedAt, storeId: await deps.ledger.storeId() };
  return (await deps.ledger.requestFiring(firing, only)) ? id : null;
}
