import type { Policy } from '#domain/policy';
import type { Brake } from '../ports/prune-book.ts';
import type { ScopeDecision } from './decide-scopes.ts';

/** Why nothing of a policy may expire now: too much would go at once, or it would have and nobody has confirmed it since. Null where it may. */
export function braking({ policy, brake }: Pick<ScopeDecision, 'policy' | 'brake'>, brakes: ReadonlyMap<string, Brake>): string | null {
  return brake ?? recordedBrake(policy, brakes);
}

/** The reason of a brake that holds for the policy as it is written now. */
export function recordedBrake({ name, revision }: Policy, brakes: ReadonlyMap<string, Brake>): string | null {
  const known = brakes.get(name);
  return known?.revision === revision ? known.reason : null;
}
