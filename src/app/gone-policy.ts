import type { Firing } from '#domain/run';
import { MINUTE, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Policies } from './ports/policies.ts';

/** Replicas get changed files one after the other: Kubernetes brings a ConfigMap to a node within two minutes or so. */
const FILES_ARE_EVERYWHERE: DurationMs = (3 * MINUTE) as DurationMs;

/**
 * Whether the policy of a firing has been taken out of the files, as against one that is so new that this replica has not
 * read of it yet. A policy that this process never knew is taken as new for three minutes after its firing was planned.
 */
export function isGone({ policies, clock }: { readonly policies: Policies; readonly clock: Clock }, { policy, plannedAt }: Firing): boolean {
  if (policies.policy(policy) !== null) return false;
  return policies.wasInForce(policy) || clock.now() > addMs(plannedAt, FILES_ARE_EVERYWHERE);
}
