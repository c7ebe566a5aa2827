import type { Policy, RetentionRules } from '#domain/policy';
import { cronWarning } from '#domain/schedule/check-cron';
import { longestGap } from '#domain/schedule/longest-gap';
import { mostDueWithin } from '#domain/schedule/most-due-within';
import type { Target } from '#domain/target';
import { formatDuration } from '#domain/time';
import type { Instant } from '#domain/time';
import { layeredProblem } from './policy-checks.ts';
import type { LayeredPolicy } from './policy-checks.ts';
import type { Path, Problem } from './problem.ts';

/** What is allowed and probably not meant. `now` is where the coming year of the schedule begins. */
export function policyWarnings(layers: LayeredPolicy, policy: Policy, target: Target | null, now: Instant): readonly Problem[] {
  const warnings: Problem[] = [];
  const warn = (path: Path, message: string | null): void => {
    if (message !== null) warnings.push(layeredProblem('warning', layers, path, message));
  };
  const cronPath = (place: number): Path => (policy.schedule.cron.length > 1 ? ['schedule', 'cron', place] : ['schedule', 'cron']);
  policy.schedule.cron.forEach((expression, place) => {
    warn(cronPath(place), cronWarning(expression));
  });
  warn(['rpo'], rpoWarning(policy, now));
  warn(['retention', 'within'], withinWarning(policy, now));
  if (target !== null) {
    warn(['retention'], capWarning(policy, target, now));
    if (target.api === 'cinder-v3') {
      for (const part of ['match', 'exclude'] as const) {
        if (policy.volumes[part]?.tags !== undefined) {
          warn(['volumes', part, 'tags'], `target "${target.name}" is cinder-v3, whose volumes have no tags, so this holds for none; use metadata`);
        }
      }
    }
  }
  return warnings;
}

function rpoWarning(policy: Policy, now: Instant): string | null {
  const gap = longestGap(policy.schedule, now);
  if (gap === null || gap <= policy.rpo) return null;
  return `up to ${formatDuration(gap)} pass between two due times in the coming year, longer than rpo ${formatDuration(policy.rpo)}: volumes would count as overdue on schedule; raise rpo above ${formatDuration(gap)}, or fire more often`;
}

function withinWarning(policy: Policy, now: Instant): string | null {
  const rules = policy.retention;
  if (rules === null || rules.within === 0 || countsOf(rules) + rules.last > 0) return null;
  const gap = longestGap(policy.schedule, now);
  if (gap === null || rules.within > gap) return null;
  return `within ${formatDuration(rules.within)} alone can leave a volume with a single snapshot: up to ${formatDuration(gap)} pass between two due times; add last, for example last: 3, or raise within above ${formatDuration(gap)}`;
}

/** Bucket rules may keep other snapshots than `last` does; `last` and `within` both keep the newest, so the larger counts. */
function capWarning(policy: Policy, target: Target, now: Instant): string | null {
  const cap = target.limits.snapshotsPerVolume;
  if (cap === null) return null;
  const room = cap - 1;
  const rule = `the cap of target "${target.name}" is ${cap} for each volume, so at most ${room} may stay to leave room for the one being made`;
  const rules = policy.retention;
  if (rules === null || (countsOf(rules) + rules.last === 0 && rules.within === 0)) {
    return `everything is kept, and ${rule}; write retention, for example { last: ${Math.max(1, room)} }`;
  }
  const young = rules.within === 0 ? 0 : mostDueWithin(policy.schedule, rules.within, now, room + 1);
  const kept = countsOf(rules) + Math.max(rules.last, young);
  if (kept <= room) return null;
  const amount = young > room ? `${kept} or more` : String(kept);
  return `these rules can keep ${amount} snapshots of a volume, and ${rule}; keep fewer, or raise limits.snapshotsPerVolume if the cloud allows more`;
}

function countsOf(rules: RetentionRules): number {
  return rules.hourly + rules.daily + rules.weekly + rules.monthly + rules.yearly;
}
