import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { remembered } from '#domain/schedule/remember';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { instant } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Ledger, PolicyStanding } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { PolicyGauges } from './views/policy-gauges.ts';

export interface MeasureDeps {
  readonly ledger: Ledger;
  readonly policies: Policies;
  /** Since when the policies are in force here: one without a record counts from then. */
  readonly since: () => Instant;
}

/** Policies measured in one step: between two steps the process gets to do other things. */
const STEP = 100;

/** Looking for a due time costs more than all the rest, and changes only when the watermark does. */
const nextDues = remembered<Instant | null>(5_000);

/**
 * What the gauges show of all policies, from the shared record: the same on every replica. It reads a few numbers of each
 * policy, however many volumes that has.
 */
export async function measurePolicies(deps: MeasureDeps): Promise<readonly PolicyGauges[]> {
  const { policies } = deps.policies.current();
  const [now, paused] = await Promise.all([deps.ledger.now(), deps.ledger.pausedPolicies()]);
  const measured: PolicyGauges[] = [];
  for (let from = 0; from < policies.length; from += STEP) {
    const step = policies.slice(from, from + STEP);
    const standings = await deps.ledger.standings(step.map((policy) => ({ policy: policy.name, overdueUntil: overdueUntil(policy, now) })));
    for (const [index, policy] of step.entries()) {
      const standing = standings[index];
      if (standing !== undefined) measured.push(gaugesOf(policy, standing, policy.paused || paused.has(policy.name), now, deps.since()));
    }
  }
  return measured;
}

/** Lags count in whole seconds: overdue is what lags at least one second more than the objective's whole ones. */
function overdueUntil(policy: Policy, now: Instant): Instant {
  return instant(now - (Math.floor(policy.rpo / 1000) + 1) * 1000);
}

function gaugesOf(policy: Policy, standing: PolicyStanding, paused: boolean, now: Instant, since: Instant): PolicyGauges {
  const { state, oldestAt, lastDue, volumes, overdue } = standing;
  const next = paused ? null : nextDueAfter(policy, state?.watermark ?? since);
  return {
    policy: policy.name,
    target: policy.target,
    volumes,
    overdue,
    rpoSeconds: policy.rpo / 1000,
    rpoLagSeconds: oldestAt === null ? null : Math.max(0, Math.floor((now - oldestAt) / 1000)),
    lastFiringSeconds: lastDue === null ? null : lastDue / 1000,
    nextDueSeconds: next === null ? null : next / 1000,
  };
}

function nextDueAfter({ schedule }: Policy, watermark: Instant): Instant | null {
  return nextDues(`${scheduleKey(schedule)} ${watermark}`, () => fireTimesOf(schedule).next(watermark));
}
