import type { Policy } from '#domain/policy';
import { MAX_DUE_PER_STEP } from '#domain/schedule/due-times';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { addMs } from '#domain/time';
import type { Instant } from '#domain/time';
import { RECENT } from './owned-snapshots.ts';
import type { OwnedByPolicy, OwnedSnapshots } from './owned-snapshots.ts';
import { planFiring } from './plan-firing.ts';
import type { PlanDeps } from './plan-firing.ts';
import type { PolicyState } from './ports/ledger.ts';

export interface RebuildDeps extends PlanDeps {
  readonly owned: OwnedSnapshots;
  /** What this process last knew of each policy, by name: more than the store knows where that has just lost everything. */
  readonly remembered: Map<string, PolicyState>;
  /** When this process first saw each policy: from then on the due times of one that is new count, however late the cloud answers. */
  readonly firstSeen: Map<string, Instant>;
}

/** Firings before the newest one that are taken up again at most: those of a policy that fires every few seconds. */
const TAKEN_UP = 20;

/**
 * Starts the record of a policy that has none: the policy is new, or the store has lost it. The cloud and what this
 * process remembers tell: the watermark is the newest due time that has a snapshot or was dealt with; its firing and those
 * shortly before are taken up again with what was made of them. A policy that neither knows starts when it was first
 * seen. Nothing fires before this is done. Null where another replica was faster; throws CloudFailure where the cloud
 * does not say.
 */
export async function rebuildPolicy(deps: RebuildDeps, policy: Policy, scheduleKey: string, now: Instant, signal: AbortSignal): Promise<PolicyState | null> {
  const { instance } = deps.policies.current();
  const firstSeen = deps.firstSeen.get(policy.name) ?? now;
  deps.firstSeen.set(policy.name, firstSeen);
  const owned = await deps.owned.of(instance, policy.target, policy.name, signal);
  const remembered = deps.remembered.get(policy.name);
  const dealtWith = Math.max(owned?.newestDue ?? 0, remembered?.scheduleKey === scheduleKey ? remembered.watermark : 0);
  const isNew = dealtWith === 0;
  const watermark = (isNew ? firstSeen : Math.min(dealtWith, now)) as Instant;
  if (!isNew) await takeUp(deps, policy, owned, watermark, now, signal);
  const state = { watermark, scheduleKey, ...(isNew ? {} : { rebuiltAt: now }) };
  if (!(await deps.ledger.startPolicy(policy.name, state))) return null;
  // A volume that is named is known, and lags, before anything was listed.
  if (isNew && policy.volumes.ids.length > 0) await deps.ledger.setCovered(policy.name, policy.volumes.ids.map((id) => id.toLowerCase()), now);
  if (!isNew) deps.telemetry.emit('state.rebuilt', { policy: policy.name, target: policy.target, due: watermark, volumes: owned?.lastGood.size ?? 0 });
  return state;
}

async function takeUp(deps: RebuildDeps, policy: Policy, owned: OwnedByPolicy | null, due: Instant, now: Instant, signal: AbortSignal): Promise<void> {
  if (owned !== null) {
    await deps.ledger.setCovered(policy.name, [...owned.lastGood.keys()], now);
    for (const [volumeId, at] of owned.lastGood) await deps.ledger.markGood(policy.name, volumeId, at);
  }
  const fireTimes = fireTimesOf(policy.schedule);
  // Runs of firings shortly before may have been under way too, as far back as there are snapshots of any. A watermark that
  // is no due time is where the policy started, or a manual firing: that may have been for a few volumes only.
  const oldest = Math.min(due, ...(owned === null ? [] : owned.made.keys()));
  const from = Math.max(oldest, due - Math.min(RECENT, policy.retry.deadline)) as Instant;
  const before = fireTimes.between(addMs(from, -1), addMs(due, -1), MAX_DUE_PER_STEP).slice(-TAKEN_UP);
  const isScheduled = fireTimes.previous(addMs(due, 1)) === due;
  for (const each of [...before, ...(isScheduled ? [due] : [])]) {
    if (now - each > policy.retry.deadline) continue;
    await planFiring(deps, policy, { due: each, trigger: 'catch-up', made: owned?.made.get(each) ?? new Map<string, never>(), signal });
  }
}
