import type { PolicySet } from './policy.ts';

/** Names, in the order of the files they stand in. */
export interface NameChanges {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly changed: readonly string[];
}

/** What tells one set of policies from another. */
export interface PolicyChanges {
  readonly policies: NameChanges;
  readonly targets: NameChanges;
  readonly notifications: boolean;
}

/** What is other in the second set. A renamed policy is one removed and one added. */
export function policyChanges(before: PolicySet, after: PolicySet): PolicyChanges {
  return {
    policies: nameChanges(before.policies, after.policies, ({ revision }) => revision),
    targets: nameChanges(before.targets, after.targets, (target) => JSON.stringify(target)),
    notifications: JSON.stringify(before.notifications) !== JSON.stringify(after.notifications),
  };
}

function nameChanges<T extends { readonly name: string }>(before: readonly T[], after: readonly T[], contentOf: (item: T) => string): NameChanges {
  const contents = new Map(before.map((item) => [item.name, contentOf(item)]));
  const names = new Set(after.map(({ name }) => name));
  return {
    added: after.filter(({ name }) => !contents.has(name)).map(({ name }) => name),
    removed: before.filter(({ name }) => !names.has(name)).map(({ name }) => name),
    changed: after.filter((item) => contents.has(item.name) && contents.get(item.name) !== contentOf(item)).map(({ name }) => name),
  };
}
