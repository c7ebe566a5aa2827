import type { Policy, PolicySet } from '#domain/policy';
import type { Target } from '#domain/target';

/** The policies in force. They change as a whole and at any time: ask again, do not keep. */
export interface Policies {
  current(): PolicySet;
  policy(name: string): Policy | null;
  /** Whether a policy of this name has been in force in this process, now or before. */
  wasInForce(name: string): boolean;
  target(name: string): Target | null;
}
