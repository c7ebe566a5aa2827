import type { Policy, PolicySet } from '#domain/policy';
import type { Target } from '#domain/target';

/** The policies in force. They change as a whole and at any time: ask again, do not keep. */
export interface Policies {
  current(): PolicySet;
  policy(name: string): Policy | null;
  target(name: string): Target | null;
}
