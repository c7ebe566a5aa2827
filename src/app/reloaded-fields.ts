import type { Policy, PolicySet } from '#domain/policy';
import type { PolicyChanges } from '#domain/policy-changes';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { BoundedNames, EventFields } from './events.ts';

/** Names told of each kind of change. */
const TOLD = 20;

/** What `config.reloaded` tells of a change of policies that comes into force at `now`. */
export function reloadedFields(before: PolicySet, after: PolicySet, { policies, targets, notifications }: PolicyChanges, now: Instant): EventFields['config.reloaded'] {
  return {
    policies: after.policies.length,
    targets: after.targets.length,
    revision: after.revision,
    policiesAdded: bounded(policies.added),
    policiesRemoved: bounded(policies.removed),
    policiesChanged: bounded(policies.changed),
    targetsAdded: bounded(targets.added),
    targetsRemoved: bounded(targets.removed),
    targetsChanged: bounded(targets.changed),
    notificationsChanged: notifications,
    nextDueChanged: bounded(nextDues(before, after, new Set([...policies.added, ...policies.changed]), now)),
  };
}

function bounded(names: readonly string[]): BoundedNames | null {
  return names.length === 0 ? null : { count: names.length, names: names.slice(0, TOLD) };
}

/** Policies whose next due time is another than before, with the new one. */
function nextDues(before: PolicySet, after: PolicySet, touched: ReadonlySet<string>, now: Instant): string[] {
  const known = new Map(before.policies.map((policy) => [policy.name, policy]));
  return after.policies
    .filter((policy) => touched.has(policy.name) && timesOf(policy) !== timesOf(known.get(policy.name)))
    .map((policy) => ({ name: policy.name, due: nextDue(policy, now), was: nextDue(known.get(policy.name), now) }))
    .filter(({ due, was }) => due !== was)
    .map(({ name, due }) => `${name} ${due === null ? 'never' : isoSeconds(due)}`);
}

function timesOf(policy: Policy | undefined): string {
  return policy === undefined ? '' : `${policy.paused} ${scheduleKey(policy.schedule)}`;
}

/** By the files: a pause by command does not count. */
function nextDue(policy: Policy | undefined, now: Instant): Instant | null {
  return policy === undefined || policy.paused ? null : fireTimesOf(policy.schedule).next(now);
}
