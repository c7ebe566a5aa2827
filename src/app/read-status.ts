import { runIdIn } from '#domain/naming/run-id';
import type { Policy } from '#domain/policy';
import { lagSeconds } from '#domain/rpo-lag';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { FiringRecord, Ledger, Protection } from './ports/ledger.ts';
import { UnreadableRecordError } from './ports/unreadable-record.ts';
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
  const paused = await deps.ledger.pausedPolicies();
  const statuses = policies.map((policy) => policyStatus(deps, policy, paused.has(policy.name), now));
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

async function overdueVolume(deps: StatusDeps, { volumeId, lastGoodAt }: Protection, lag: number, last: FiringRecord | null): Promise<OverdueVolume> {
  const never = lastGoodAt === null ? 'no good snapshot yet' : 'the newest good snapshot is too old';
  const found = last === null ? null : await runOrUnreadable(deps, runIdIn(last.id, volumeId));
  if (found === 'unreadable') return { id: volumeId, name: null, rpoLagSeconds: lag, reason: `${never}; the record of its last run cannot be read` };
  const run = found?.run;
  let reason = never;
  if (run !== undefined && run.failure !== null && run.outcome !== 'available') reason = `${never}; last run ${run.outcome}: ${run.failure.message}`;
  else if (run?.outcome === 'pending') reason = `${never}; a run is under way`;
  return { id: volumeId, name: run?.volumeName ?? null, rpoLagSeconds: lag, reason };
}

/** One broken record must not hide the state of everything else. */
async function runOrUnreadable({ ledger }: StatusDeps, runId: string): Promise<Awaited<ReturnType<Ledger['run']>> | 'unreadable'> {
  try {
    return await ledger.run(runId);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return 'unreadable';
    throw error;
  }
}
