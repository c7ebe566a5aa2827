import type { Policy, PolicySet } from '#domain/policy';
import type { Target } from '#domain/target';
import type { Policies } from './ports/policies.ts';

/** Holds the policies in force and swaps them as a whole. */
export class CurrentPolicies implements Policies {
  #set: PolicySet;
  #policies: ReadonlyMap<string, Policy>;
  #targets: ReadonlyMap<string, Target>;
  readonly #known = new Set<string>();

  constructor(set: PolicySet) {
    this.#set = set;
    this.#policies = byName(set.policies);
    this.#targets = byName(set.targets);
  }

  replace(set: PolicySet): void {
    for (const name of this.#policies.keys()) this.#known.add(name);
    this.#set = set;
    this.#policies = byName(set.policies);
    this.#targets = byName(set.targets);
  }

  current(): PolicySet {
    return this.#set;
  }

  policy(name: string): Policy | null {
    return this.#policies.get(name) ?? null;
  }

  wasInForce(name: string): boolean {
    return this.#known.has(name) || this.#policies.has(name);
  }

  target(name: string): Target | null {
    return this.#targets.get(name) ?? null;
  }
}

function byName<T extends { readonly name: string }>(items: readonly T[]): ReadonlyMap<string, T> {
  return new Map(items.map((item) => [item.name, item]));
}
