import type { Brake } from '../ports/prune-book.ts';
import type { ScopeDecision } from './decide-scopes.ts';

/** Why nothing of a policy may expire now: too much would go at once, or it would have and nobody has confirmed it since. Null where it may. */
export function braking({ policy, brake }: Pick<ScopeDecision, 'policy' | 'brake'>, brakes: ReadonlyMap<string, Brake>): string | null {
  const known = brakes.get(policy.name);
  return brake ?? (known?.revision === policy.revision ? known.reason : null);
}
