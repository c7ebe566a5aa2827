import type { Policies } from '#app/ports/policies';
import type { Policy } from '#domain/policy';
import type { Io } from './io.ts';

/** The policy of that name; null where there is none, and then the names there are have been printed. */
export function knownPolicy(policies: Policies, name: string, io: Io): Policy | null {
  const policy = policies.policy(name);
  if (policy !== null) return policy;
  const known = policies.current().policies.map((each) => each.name).join(', ');
  io.stderr.write(`snapkeep: no policy is called ${name}; there are: ${known === '' ? 'none' : known}\n`);
  return null;
}
