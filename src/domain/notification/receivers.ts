import type { NotificationEvent, NotificationTarget } from '../policy.ts';
import { matchesGlob } from '../selection.ts';

/**
 * The receivers that want this event of this policy. `policy` is null for what is about no policy in particular: that goes
 * to everyone who lists the event, whatever policies they chose.
 */
export function receiversOf(targets: readonly NotificationTarget[], event: NotificationEvent, policy: string | null): readonly NotificationTarget[] {
  return targets.filter((target) => target.events.includes(event) && (policy === null || target.policies.some((glob) => matchesGlob(glob, policy))));
}
