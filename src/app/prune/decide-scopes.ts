import type { Policy } from '#domain/policy';
import { decidePolicy } from '#domain/retention/decide-policy';
import type { PolicyDecision } from '#domain/retention/decide-policy';
import type { Instant } from '#domain/time';
import type { CallOptions } from '../ports/cloud.ts';
import { goneVolumes } from './gone-volumes.ts';
import { listOwned } from './list-owned.ts';
import type { Owned, PruneScope } from './list-owned.ts';
import type { PruneDeps } from './prune-deps.ts';

export interface ScopeDecision extends PolicyDecision {
  readonly policy: Policy;
  /** Volumes of the policy that the cloud says are no more; looked for only where all its volumes are asked for. */
  readonly gone: readonly string[];
}

export type DecideDeps = Pick<PruneDeps, 'ledger' | 'policies' | 'clouds'>;

/**
 * Lists the snapshots within the scopes, all of one target, and decides about each. Changes nothing. Throws CloudFailure
 * where the cloud does not list everything: nothing is decided by half a listing.
 */
export async function decideScopes(deps: DecideDeps, target: string, scopes: readonly PruneScope[], options: CallOptions): Promise<readonly ScopeDecision[]> {
  const cloud = deps.clouds.of(target);
  const owned = await listOwned(cloud, deps.policies.current().instance, scopes, options);
  const whole = scopes.filter(({ volumes }) => volumes === null).map(({ policy }) => policy.name);
  const gone = whole.length === 0 ? new Set<string>() : await goneVolumes(cloud, new Map([...owned].filter(([name]) => whole.includes(name))), options);
  const now = await deps.ledger.now();
  return Promise.all(scopes.map(({ policy }) => decide(deps, policy, owned, gone, now)));
}

/**
 * As decideScopes, and tells besides whether too much would go at once. That is a question about the whole policy: where a
 * part of its volumes seems to say so, all of them are listed.
 */
export async function decideWithBrake(deps: DecideDeps, target: string, scopes: readonly PruneScope[], options: CallOptions): Promise<readonly ScopeDecision[]> {
  const decided = await decideScopes(deps, target, scopes, options);
  const inDoubt = scopes.filter(({ policy, volumes }) => volumes !== null && decided.some((each) => each.policy === policy && each.brake !== null));
  if (inDoubt.length === 0) return decided;
  const wholes = await decideScopes(deps, target, inDoubt.map(({ policy }) => ({ policy, volumes: null })), options);
  return decided.map((part) => {
    const whole = wholes.find(({ policy }) => policy === part.policy);
    return whole === undefined ? part : { ...part, brake: whole.brake, good: whole.good, expired: whole.expired };
  });
}

async function decide(deps: DecideDeps, policy: Policy, owned: Owned, gone: ReadonlySet<string>, now: Instant): Promise<ScopeDecision> {
  const snapshots = owned.get(policy.name) ?? new Map<string, never>();
  const volumes = [...snapshots.keys()];
  const lastGoodAt = await deps.ledger.lastGoodOf(policy.name, volumes);
  const decision = decidePolicy({ instance: deps.policies.current().instance, policy, snapshots, lastGoodAt, gone, now });
  return { policy, gone: volumes.filter((id) => gone.has(id)), ...decision };
}
