import type { Policy } from '#domain/policy';
import { lagSeconds } from '#domain/rpo-lag';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { Brake, PruneBook } from './ports/prune-book.ts';
import { recordedBrake } from './prune/braking.ts';
import { readOverdue } from './read-overdue.ts';
import type { PolicyStatus, StatusView } from './views/status-view.ts';

export interface StatusDeps {
  readonly ledger: Ledger;
  readonly book: Pick<PruneBook, 'brakes'>;
  readonly policies: Policies;
}

/** The state of all policies, or of the one named, from the shared record: the same on every replica and for the commands. */
export async function readStatus(deps: StatusDeps, only?: string): Promise<StatusView> {
  const policies = deps.policies.current().policies.filter(({ name }) => only === undefined || name === only);
  const [now, paused, brakes] = await Promise.all([deps.ledger.now(), deps.ledger.pausedPolicies(), deps.book.brakes()]);
  const statuses = policies.map((policy) => policyStatus(deps, policy, paused.has(policy.name), brakes, now));
  return { policies: await Promise.all(statuses) };
}

async function policyStatus(deps: StatusDeps, policy: Policy, pausedByCommand: boolean, brakes: ReadonlyMap<string, Brake>, now: Instant): Promise<PolicyStatus> {
  const [[last], protections] = await Promise.all([deps.ledger.firings(policy.name, 1), deps.ledger.protections(policy.name)]);
  const paused = policy.paused || pausedByCommand;
  const next = paused ? null : fireTimesOf(policy.schedule).next(now);
  return {
    policy: policy.name,
    target: policy.target,
    paused,
    nextDue: next === null ? null : isoSeconds(next),
    rpoSeconds: policy.rpo / 1000,
    rpoLagSeconds: protections.reduce<number | null>((worst, protection) => Math.max(worst ?? 0, lagSeconds(protection, now)), null),
    volumes: protections.length,
    overdueVolumes: await readOverdue(deps, policy, protections, last ?? null, now),
    pruneBraked: recordedBrake(policy, brakes),
    lastFiring: last === undefined ? null : { due: isoSeconds(last.due), trigger: last.trigger, runs: last.counts },
  };
}
