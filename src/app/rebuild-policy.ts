import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { addMs } from '#domain/time';
import type { Instant } from '#domain/time';
import type { OwnedByPolicy, OwnedSnapshots } from './owned-snapshots.ts';
import { planFiring } from './plan-firing.ts';
import type { PlanDeps } from './plan-firing.ts';
import type { PolicyState } from './ports/ledger.ts';

export interface RebuildDeps extends PlanDeps {
  readonly owned: OwnedSnapshots;
  /** What this process last knew of each policy, by name: more than the store knows where that has just lost everything. */
  readonly remembered: Map<string, PolicyState>;
}

/**
 * Starts the record of a policy that has none: the policy is new, or the store has lost it. The cloud and what this
 * process remembers tell: the watermark is the newest due time that has a snapshot or was dealt with, and its firing is
 * taken up again with what was made of it. A policy that neither knows starts now. Nothing fires before this is done.
 * Null where another replica was faster; throws CloudFailure where the cloud does not say.
 */
export async function rebuildPolicy(deps: RebuildDeps, policy: Policy, scheduleKey: string, now: Instant, signal: AbortSignal): Promise<PolicyState | null> {
  const { instance } = deps.policies.current();
  const owned = await deps.owned.of(instance, policy.target, policy.name, signal);
  const remembered = deps.remembered.get(policy.name);
  const dealtWith = Math.max(owned?.newestDue ?? 0, remembered?.scheduleKey === scheduleKey ? remembered.watermark : 0);
  const isNew = dealtWith === 0;
  const watermark = (isNew ? now : Math.min(dealtWith, now)) as Instant;
  if (!isNew) await takeUp(deps, policy, owned, watermark, now, signal);
  if (!(await deps.ledger.startPolicy(policy.name, { watermark, scheduleKey }))) return null;
  // A volume that is named is known, and lags, before anything was listed.
  if (isNew && policy.volumes.ids.length > 0) await deps.ledger.setCovered(policy.name, policy.volumes.ids.map((id) => id.toLowerCase()), now);
  if (!isNew) deps.telemetry.emit('state.rebuilt', { policy: policy.name, target: policy.target, due: watermark, volumes: owned?.lastGood.size ?? 0 });
  return { watermark, scheduleKey, paused: false };
}

async function takeUp(deps: RebuildDeps, policy: Policy, owned: OwnedByPolicy | null, due: Instant, now: Instant, signal: AbortSignal): Promise<void> {
  if (owned !== null) {
    await deps.ledger.setCovered(policy.name, [...owned.lastGood.keys()], now);
    for (const [volumeId, at] of owned.lastGood) await deps.ledger.markGood(policy.name, volumeId, at);
  }
  // A watermark that is no due time is where the policy started, or a manual firing: that may have been for a few volumes only.
  const isScheduled = fireTimesOf(policy.schedule).previous(addMs(due, 1)) === due;
  if (!isScheduled || now - due > policy.retry.deadline) return;
  const made = owned?.newestDue === due ? owned.ofNewestDue : new Map<string, never>();
  await planFiring(deps, policy, { due, trigger: 'catch-up', made, signal });
}
