import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { isoInstant, isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { FiringRecord } from './ports/ledger.ts';
import { lagSeconds } from '#domain/rpo-lag';
import type { StatusDeps } from './read-status.ts';
import type { FiringSummary, OverviewView, PolicyOverview } from './views/overview-view.ts';

/** Firings of each policy that the overview tells of, the newest. */
export const OVERVIEW_FIRINGS = 30;

type OverviewDeps = Pick<StatusDeps, 'ledger' | 'policies'>;

/** The state of all policies in numbers: names no volume, so that it stays small with any number of them. */
export async function readOverview(deps: OverviewDeps): Promise<OverviewView> {
  const { instance, policies } = deps.policies.current();
  const now = await deps.ledger.now();
  const paused = await deps.ledger.pausedPolicies();
  const read = policies.map((policy) => policyOverview(deps, policy, paused.has(policy.name), now));
  return { instance, policies: await Promise.all(read) };
}

async function policyOverview(deps: OverviewDeps, policy: Policy, pausedByCommand: boolean, now: Instant): Promise<PolicyOverview> {
  const [firings, protections] = await Promise.all([deps.ledger.firings(policy.name, OVERVIEW_FIRINGS), deps.ledger.protections(policy.name)]);
  const paused = policy.paused || pausedByCommand;
  const since = protections.map(({ lastGoodAt, firstSeenAt }) => lastGoodAt ?? firstSeenAt);
  const oldest = since.reduce<Instant | null>((worst, at) => (worst === null || at < worst ? at : worst), null);
  const next = paused ? null : fireTimesOf(policy.schedule).next(now);
  return {
    policy: policy.name,
    target: policy.target,
    paused,
    cron: policy.schedule.cron,
    timezone: policy.schedule.timezone,
    nextDue: next === null ? null : isoSeconds(next),
    rpoSeconds: policy.rpo / 1000,
    volumes: protections.length,
    overdue: protections.filter((protection) => lagSeconds(protection, now) * 1000 > policy.rpo).length,
    withoutSnapshot: protections.filter(({ lastGoodAt }) => lastGoodAt === null).length,
    lagSince: oldest === null ? null : isoInstant(oldest),
    firings: firings.map(firingSummary),
  };
}

function firingSummary({ due, trigger, finishedAt, counts }: FiringRecord): FiringSummary {
  return { due: isoSeconds(due), trigger, finishedAt: finishedAt === null ? null : isoInstant(finishedAt), runs: counts };
}
