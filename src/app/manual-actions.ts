import type { Policy } from '#domain/policy';
import { ActionRefused } from './ports/actions.ts';
import type { Actions } from './ports/actions.ts';
import { NoFreeSecondError, requestCatchUp, requestManualFiring } from './request-firing.ts';
import type { RequestDeps } from './request-firing.ts';

/**
 * What people ask a running service for. A firing is only recorded and asked for here: whichever replica schedules plans
 * it within seconds. A volume that the policy does not cover gets a run that failed and says so, as with the command.
 */
export function manualActions(deps: RequestDeps, others: Pick<Actions, 'prune' | 'plan'>): Actions {
  /** The files may have changed since the caller looked. */
  function known(name: string): Policy {
    const policy = deps.policies.policy(name);
    if (policy === null) throw new ActionRefused(`policy ${name} has just been taken out of the policy files`);
    return policy;
  }

  return {
    async trigger(name, { volumes }) {
      const only = volumes === null ? null : [...new Set(volumes.map((id) => id.toLowerCase()))];
      try {
        return await requestManualFiring(deps, known(name), only);
      } catch (error) {
        if (error instanceof NoFreeSecondError) throw new ActionRefused(error.message);
        throw error;
      }
    },
    async pause(name) {
      await deps.ledger.pause(known(name).name, await deps.ledger.now());
    },
    async resume(name, { catchUp }) {
      const policy = known(name);
      const since = await deps.ledger.resume(name);
      if (policy.paused) throw new ActionRefused(`the policy file says paused: true for ${name}; take it out there`);
      const caughtUp = since === null || !catchUp ? null : await requestCatchUp(deps, policy, since);
      return { caughtUp: caughtUp?.due ?? null };
    },
    ...others,
  };
}
