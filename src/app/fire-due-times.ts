import { CloudFailure } from '#domain/failure/failure';
import { firingIdOf } from '#domain/naming/run-id';
import type { Policy } from '#domain/policy';
import type { Trigger } from '#domain/run';
import { decideDueTimes } from '#domain/schedule/due-times';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { SECOND } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { failureFields } from './failure-fields.ts';
import { finishedFiring } from './finish-firing.ts';
import { planFiring } from './plan-firing.ts';
import type { FiringRecord, PolicyState } from './ports/ledger.ts';
import { rebuildPolicy } from './rebuild-policy.ts';
import type { RebuildDeps } from './rebuild-policy.ts';

export interface SchedulerDeps extends RebuildDeps {
  /** Identity of this process among the replicas. */
  readonly replica: string;
}

/** When a policy is looked at, by the store's clock. */
export interface DueTime {
  /** By command; a policy file has a `paused` of its own. */
  readonly paused: boolean;
  readonly now: Instant;
  /** Since when this scheduler knows the store's process to be the same: what was written before may have been lost. */
  readonly storeSince: Instant;
}

/** Firings are planned one after the other: only the newest of those let go can have been begun. */
const BEGUN_LOOKED_AT = 10;

/** How long one replica is left alone with a firing before another may plan it too. */
const PLANNING_LEASE: DurationMs = (30 * SECOND) as DurationMs;

/**
 * Deals with what is due of one policy by `now`. The watermark moves only after all runs of a due time are queued, so a
 * scheduler that dies at any point leaves the due time to the next one. `again`: something stood in the way, nothing is
 * lost; `more`: the backlog is longer than one step.
 */
export async function fireDueTimes(
  deps: SchedulerDeps,
  policy: Policy,
  known: PolicyState | null,
  { now, storeSince, paused: pausedByCommand }: DueTime,
  signal: AbortSignal,
): Promise<'done' | 'more' | 'again'> {
  const key = scheduleKey(policy.schedule);
  const state = await settledState(deps, policy, key, known, now, signal);
  if (state === 'again') return 'again';
  if (state === null) return 'more';
  deps.remembered.set(policy.name, state);

  const fireTimes = fireTimesOf(policy.schedule);
  const step = decideDueTimes({
    between: (after, until, max) => fireTimes.between(after, until, max),
    watermark: state.watermark,
    now,
    catchUp: policy.schedule.catchUp,
    catchUpWindow: policy.schedule.catchUpWindow,
  });
  const paused = policy.paused || pausedByCommand;
  const begun = paused ? [] : await begunFirings(deps, policy, step.missed, now);
  if (!paused) {
    for (const { due, trigger } of [...begun, ...step.fire]) {
      // Begun by another replica before the store lost that, or may have been: its runs look before they ask for a snapshot.
      const mayHaveBegun = due <= Math.max(storeSince, state.rebuiltAt ?? 0);
      if (!(await fire(deps, policy, due, trigger, mayHaveBegun, signal))) return 'again';
    }
  }
  if (step.watermark > state.watermark && (await deps.ledger.advanceWatermark(policy.name, key, step.watermark))) {
    deps.remembered.set(policy.name, { ...state, watermark: step.watermark });
    const gone = step.missed.filter((due) => !begun.some((firing) => firing.due === due));
    const letGo = paused ? [...gone, ...step.fire.map(({ due }) => due)] : gone;
    tellLetGo(deps, policy.name, letGo, paused ? 'paused' : 'missed');
  }
  return step.more ? 'more' : 'done';
}

/**
 * Due times that catch-up would let go, but whose firing was begun in time and then held up, by a cloud that did not list
 * its volumes or a scheduler that died over it: those are finished, up to the policy's deadline. One that is later still is
 * closed with the runs it has.
 */
async function begunFirings(deps: SchedulerDeps, policy: Policy, missed: readonly Instant[], now: Instant): Promise<readonly { due: Instant; trigger: Trigger }[]> {
  const begun: { due: Instant; trigger: Trigger }[] = [];
  for (const due of missed.slice(-BEGUN_LOOKED_AT)) {
    const firing = await deps.ledger.firing(firingIdOf(deps.policies.current().instance, policy.name, due));
    if (firing === null || firing.total !== null) continue;
    if (now - due <= policy.retry.deadline) begun.push({ due, trigger: firing.trigger });
    else await closeLate(deps, firing);
  }
  return begun;
}

async function closeLate(deps: SchedulerDeps, firing: FiringRecord): Promise<void> {
  const closed = await deps.ledger.closeFiring(firing);
  if (closed.finishedAt !== null) finishedFiring(deps, closed);
}

/**
 * The policy's record. One that is not there is started, from the policy's snapshots where it has some; a changed
 * schedule takes effect from now on, and does not fire what came before. Null where another replica did so just now;
 * `again` where the cloud did not list the snapshots.
 */
async function settledState(
  deps: SchedulerDeps,
  policy: Policy,
  key: string,
  known: PolicyState | null,
  now: Instant,
  signal: AbortSignal,
): Promise<PolicyState | null | 'again'> {
  if (known === null) {
    try {
      return await rebuildPolicy(deps, policy, key, now, signal);
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      deps.telemetry.emit('policy.start_failed', { policy: policy.name, target: policy.target, ...failureFields(error) });
      return 'again';
    }
  }
  if (known.scheduleKey === key) return known;
  const changed = await deps.ledger.changeSchedule(policy.name, known.scheduleKey, key, now);
  return changed ? { ...known, watermark: now, scheduleKey: key } : null;
}

/** Plans one firing; false where it has to be tried again later. */
async function fire(deps: SchedulerDeps, policy: Policy, due: Instant, trigger: Trigger, mayHaveBegun: boolean, signal: AbortSignal): Promise<boolean> {
  const lease = `plan:${policy.name}`;
  if (!(await deps.ledger.acquireLease(lease, deps.replica, PLANNING_LEASE))) return false;
  try {
    await planFiring(deps, policy, { due, trigger, signal, ...(mayHaveBegun ? { made: new Map() } : {}) });
    return true;
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    deps.telemetry.emit('firing.plan_failed', { policy: policy.name, target: policy.target, due, ...failureFields(error) });
    return false;
  } finally {
    await deps.ledger.releaseLease(lease, deps.replica);
  }
}

function tellLetGo(deps: SchedulerDeps, policy: string, due: readonly Instant[], result: 'missed' | 'paused'): void {
  const sorted = due.toSorted((a, b) => a - b);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) return;
  deps.telemetry.emit('policy.missed', { policy, count: due.length, first, last, result });
}
