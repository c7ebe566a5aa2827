import { templateLengthProblem } from '#domain/naming/check-template';
import { formatDuration } from '#domain/time';
import { POLICY_DEFAULTS } from './default-values.ts';
import { entryProblem, member } from './file-entries.ts';
import type { Entry } from './file-entries.ts';
import { mergeValues } from './merge-values.ts';
import type { PolicyEntry, PolicyValues } from './policy-schema.ts';
import type { Path, Problem } from './problem.ts';
import type { CompleteValues } from './written-to-domain.ts';

/** A policy with `defaults` beneath it, and where its values stand. */
export interface LayeredPolicy {
  readonly entry: Entry<PolicyEntry>;
  readonly defaults: Entry<PolicyValues> | null;
}

/** A problem at a value of a policy: in the policy if it says so itself, else in `defaults`, else at the nearest parent in the policy. */
export function layeredProblem(severity: Problem['severity'], policy: LayeredPolicy, inner: Path, message: string): Problem {
  const { entry, defaults } = policy;
  const isOwn = entry.source.has([...entry.path, ...inner]);
  const isDefault = defaults !== null && defaults.source.has([...defaults.path, ...inner]);
  return entryProblem(severity, !isOwn && isDefault ? defaults : entry, inner, message);
}

/** The values of a policy with `defaults` merged in; null where either breaks its schema or something is missing. */
export function completeValues(policy: LayeredPolicy): CompleteValues | null {
  const own = policy.entry.value;
  const shared = policy.defaults === null ? {} : policy.defaults.value;
  if (own === null || shared === null) return null;
  const { name: _name, ...values } = own;
  const merged = mergeValues(shared, values);
  const { target, schedule, volumes } = merged;
  if (target === undefined || schedule?.cron === undefined || volumes === undefined) return null;
  return { ...merged, target, schedule: { ...schedule, cron: schedule.cron }, volumes };
}

/** What is said neither by the policy nor by `defaults`, and has to be. Looks at the text alone, so it works for broken policies. */
export function missingProblems(policy: LayeredPolicy): readonly Problem[] {
  const { entry, defaults } = policy;
  if (typeof entry.raw !== 'object' || entry.raw === null || Array.isArray(entry.raw)) return [];
  const says = (path: readonly string[]): boolean =>
    path.reduce<unknown>(member, entry.raw) !== undefined || path.reduce<unknown>(member, defaults?.raw) !== undefined;
  const problems: Problem[] = [];
  const missing = (path: readonly string[], cure: string): void => {
    problems.push(entryProblem('error', entry, path, `"${path.at(-1) ?? ''}" is missing; ${cure}`));
  };
  if (!says(['target'])) missing(['target'], 'write the name of an entry of targets');
  if (!says(['schedule'])) missing(['schedule'], 'write for example schedule: { cron: "0 2 * * *" }');
  else if (!says(['schedule', 'cron'])) missing(['schedule', 'cron'], 'write for example cron: "0 2 * * *"');
  if (!says(['volumes'])) missing(['volumes'], 'write for example volumes: { match: { name: "db-*" } }');
  return problems;
}

/** What is wrong with the values of a policy taken together. */
export function combinedProblems(policy: LayeredPolicy, values: CompleteValues, instance: string): readonly Problem[] {
  const problems: Problem[] = [];
  const add = (path: Path, message: string | null): void => {
    if (message !== null) problems.push(layeredProblem('error', policy, path, message));
  };
  const { volumes, snapshot, retry } = values;
  if (volumes.match === undefined && (volumes.ids ?? []).length === 0) {
    add(['volumes'], 'no volume can be selected; write ids with at least one id, or match, for example match: { name: "db-*" }');
  }
  const names = { policy: policy.entry.value?.name ?? '', instance };
  add(['snapshot', 'name'], templateLengthProblem(snapshot?.name ?? POLICY_DEFAULTS.snapshotName, 'name', names));
  add(['snapshot', 'description'], templateLengthProblem(snapshot?.description ?? '', 'description', names));
  const initial = retry?.backoff?.initial ?? POLICY_DEFAULTS.backoffInitial;
  const max = retry?.backoff?.max ?? POLICY_DEFAULTS.backoffMax;
  if (initial > max) {
    const place = retry?.backoff?.initial === undefined ? 'max' : 'initial';
    add(['retry', 'backoff', place], `backoff begins with ${formatDuration(initial)}, above its max of ${formatDuration(max)}; write initial no longer than max`);
  }
  return problems;
}
