import type { PlanView } from '#app/views/plan-view';
import type { PruneView } from '#app/views/prune-view';
import type { DurationMs, Instant } from '#domain/time';

/**
 * What people ask for by hand, whichever way it comes in. The policy exists. What cannot be done as things stand rejects
 * with ActionRefused, what the cloud refuses with CloudFailure.
 */
export interface Actions {
  /** A firing now, of all the policy's volumes where none are named. */
  trigger(policy: string, request: { volumes: readonly string[] | null }): Promise<{ due: Instant; firingId: string }>;
  pause(policy: string): Promise<void>;
  /** `caughtUp`: the due time that is made up for; null where there is none. */
  resume(policy: string, request: { catchUp: boolean }): Promise<{ caughtUp: Instant | null }>;
  /** `confirm` lifts the brake once. */
  prune(policy: string, request: { dryRun: boolean; confirm: boolean }): Promise<PruneView>;
  /** Changes nothing. Null: from now on; all policies. */
  plan(query: { from: Instant | null; horizon: DurationMs; policy: string | null }): Promise<PlanView>;
}

/** Asked for something that cannot be done as things stand; the message says why and what would help. */
export class ActionRefused extends Error {
  override readonly name = 'ActionRefused';
}
