import { runIdIn } from '#domain/naming/run-id';
import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { FiringRecord, Ledger, Protection } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { OverdueVolume, PolicyStatus, StatusView } from './views/status-view.ts';

export interface StatusDeps {
  readonly ledger: Ledger;
  readonly policies: Policies;
}

/** The state of all policies, or of the one named, from the shared record: the same on every replica and for the commands. */
export async function readStatus(deps: StatusDeps, only?: string): Promise<StatusView> {
  const policies = deps.policies.current().policies.filter(({ name }) => only === undefined || name === only);
  const now = await deps.ledger.now();
  const states = await deps.ledger.policyStates(policies.map(({ name }) => name));
  const statuses = policies.map((policy) => policyStatus(deps, policy, states.get(policy.name)?.paused ?? false, now));
  return { policies: await Promise.all(statuses) };
}

async function policyStatus(deps: StatusDeps, policy: Policy, pausedByCommand: boolean, now: Instant): Promise<PolicyStatus> {
  const [[last], protections] = await Promise.all([deps.ledger.firings(policy.name, 1), deps.ledger.protections(policy.name)]);
  const paused = policy.paused || pausedByCommand;
  const lags = protections.map((protection) => ({ protection, lag: lagSeconds(protection, now) }));
  const overdue = lags.filter(({ lag }) => lag * 1000 > policy.rpo).toSorted((a, b) => b.lag - a.lag);
  const next = paused ? null : fireTimesOf(policy.schedule).next(now);
  return {
    policy: policy.name,
    target: policy.target,
    paused,
    nextDue: next === null ? null : isoSeconds(next),
    rpoSeconds: policy.rpo / 1000,
    rpoLagSeconds: lags.reduce<number | null>((worst, { lag }) => Math.max(worst ?? 0, lag), null),
    volumes: protections.length,
    overdueVolumes: await Promise.all(overdue.map(({ protection, lag }) => overdueVolume(deps, protection, lag, last ?? null))),
    lastFiring: last === undefined ? null : { due: isoSeconds(last.due), trigger: last.trigger, runs: last.counts },
  };
}

/** Now minus the moment the data of the newest good snapshot is from; without one, since the policy first knew the volume. Whole seconds. */
export function lagSeconds({ lastGoodAt, firstSeenAt }: Protection, now: Instant): number {
  return Math.max(0, Math.floor((now - (lastGoodAt ?? firstSeenAt)) / 1000));
}

async function overdueVolume(deps: StatusDeps, { volumeId, lastGoodAt }: Protection, lag: number, last: FiringRecord | null): Promise<OverdueVolume> {
  const found = last === null ? null : await deps.ledger.run(runIdIn(last.id, volumeId));
  const never = lastGoodAt === null ? 'no good snapshot yet' : 'the newest good snapshot is too old';
  const run = found?.run;
  let reason = never;
  if (run !== undefined && run.failure !== null && run.outcome !== 'available') reason = `${never}; last run ${run.outcome}: ${run.failure.message}`;
  else if (run?.outcome === 'pending') reason = `${never}; a run is under way`;
  return { id: volumeId, name: run?.volumeName ?? null, rpoLagSeconds: lag, reason };
}
