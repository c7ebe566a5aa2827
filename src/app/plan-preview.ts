import type { Policy } from '#domain/policy';
import { addMs, instant, isoInstant } from '#domain/time';
import type { Instant } from '#domain/time';
import { listedPerPolicy, planDueTimes } from './plan-due-times.ts';
import type { PolicyDueTimes } from './plan-due-times.ts';
import { planPolicy } from './plan-policy.ts';
import { readTarget, targetFailure } from './plan-target.ts';
import type { TargetReading } from './plan-target.ts';
import type { Actions } from './ports/actions.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { PruneBook } from './ports/prune-book.ts';
import { recordedBrake } from './prune/braking.ts';
import type { FailedTarget, PlanView, PolicyPlan, UnprotectedVolume } from './views/plan-view.ts';

export interface ReadPlanDeps {
  readonly policies: Policies;
  /** Null leaves the clouds out: due times only. */
  readonly clouds: Clouds | null;
  readonly ledger: Pick<Ledger, 'now' | 'pausedPolicies' | 'lastGoodOf'>;
  readonly book: Pick<PruneBook, 'brakes'>;
}

export type PlanQuery = Parameters<Actions['plan']>[0];

/**
 * What would happen in [`from`, `from` + `horizon`), by the policies in force and what the clouds list now. Reads only.
 * A target that does not list everything is named in `failedTargets`, and its policies have due times and no volumes;
 * the others are planned whole. Volumes of a target are unprotected where none of its policies covers them, paused and
 * unnamed ones included.
 */
export async function readPlan(deps: ReadPlanDeps, query: PlanQuery): Promise<PlanView> {
  const { instance, policies, targets } = deps.policies.current();
  const [now, paused, brakes] = await Promise.all([deps.ledger.now(), deps.ledger.pausedPolicies(), deps.book.brakes()]);
  const from = query.from ?? instant(Math.floor(now / 1000) * 1000);
  const to = addMs(from, query.horizon);
  const wanted = policies.filter(({ name }) => query.policy === null || name === query.policy);

  const max = listedPerPolicy(wanted.length);
  const due = new Map(wanted.map((policy) => [policy.name, planDueTimes(policy, policy.paused || paused.has(policy.name), from, to, max)]));
  const plans = new Map(wanted.map((policy) => [policy.name, withoutCloud(policy, due.get(policy.name)?.next ?? null)]));
  const warnings = [...due.values()].flatMap((each) => each.warnings);
  const unprotectedVolumes: UnprotectedVolume[] = [];
  const failedTargets: FailedTarget[] = [];

  const asked = targets.filter(({ name }) => query.policy === null || wanted.some(({ target }) => target === name));
  const { clouds } = deps;
  for (const target of asked) {
    if (clouds === null) break;
    const ofTarget = policies.filter((policy) => policy.target === target.name);
    let reading: TargetReading;
    try {
      reading = await readTarget(clouds.of(target.name), instance, ofTarget);
    } catch (error) {
      const message = targetFailure(error);
      failedTargets.push({ target: target.name, message });
      warnings.push(`target ${target.name} did not list everything, so its policies are planned without volumes and prune: ${message}`);
      continue;
    }
    const covered = new Set<string>();
    for (const policy of ofTarget) {
      const lastGoodAt = await deps.ledger.lastGoodOf(policy.name, [...(reading.ownedVolumes.get(policy.name) ?? [])]);
      const record = { lastGoodAt, braked: recordedBrake(policy, brakes) };
      const planned = planPolicy(instance, policy, target, reading, due.get(policy.name)?.next ?? null, record, now);
      for (const id of planned.covered) covered.add(id);
      if (!plans.has(policy.name)) continue;
      plans.set(policy.name, planned.plan);
      warnings.push(...planned.warnings, ...gapWarnings(planned.plan, due.get(policy.name)));
    }
    for (const { id, name } of reading.volumes) if (!covered.has(id)) unprotectedVolumes.push({ target: target.name, id, name });
  }
  const dueTimes = [...due.values()].flatMap((each) => each.dueTimes).toSorted((a, b) => compare(a.due, b.due));
  return { from: isoInstant(from), to: isoInstant(to), dueTimes, policies: [...plans.values()], unprotectedVolumes, failedTargets, warnings };
}

function withoutCloud({ name, target }: Policy, due: Instant | null): PolicyPlan {
  return { policy: name, target, nextDue: due === null ? null : isoInstant(due), volumes: [], prune: [], brake: null, apiCalls: null, estimatedSeconds: null };
}

/** A firing that is not over when the next one is due. */
function gapWarnings({ policy, estimatedSeconds }: PolicyPlan, due: PolicyDueTimes | undefined): readonly string[] {
  const [first, second] = due?.dueTimes ?? [];
  if (first === undefined || second === undefined || estimatedSeconds === null) return [];
  const gap = (Date.parse(second.due) - Date.parse(first.due)) / 1000;
  if (estimatedSeconds <= gap) return [];
  return [`policy ${policy}: a firing takes ${estimatedSeconds} s at the limits of its target, and the next is due after ${gap} s`];
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
