import type { Policies } from '#app/ports/policies';
import type { PlannedDueTime, PlannedPrune, PlanView, PolicyPlan, UnprotectedVolume } from '#app/views/plan-view';
import { humanSeconds, table } from './table.ts';

/** Rows of each list on a terminal; `--json` has all. */
const POLICIES_SHOWN = 20;
const DUE_TIMES_SHOWN = 5;
const VOLUMES_SHOWN = 5;
const PRUNE_SHOWN = 10;
const UNPROTECTED_SHOWN = 10;
const WARNINGS_SHOWN = 20;

/** A plan for people: policy by policy, then the volumes under none, then what to look at. */
export function planText(plan: PlanView, policies: Policies): string {
  const dueTimes = Map.groupBy(plan.dueTimes, ({ policy }) => policy);
  const shown = plan.policies.slice(0, POLICIES_SHOWN);
  const blocks = [
    `plan from ${plan.from} to ${plan.to}; nothing is changed by it`,
    ...shown.map((each) => policyText(each, dueTimes.get(each.policy) ?? [], policies)),
    ...more(plan.policies.length - shown.length, 'policies; name one, or take --json').map((line) => line.trim()),
    ...unprotectedText(plan.unprotectedVolumes),
    ...warningsText(plan.warnings),
  ];
  return blocks.join('\n\n');
}

function policyText(plan: PolicyPlan, dueTimes: readonly PlannedDueTime[], policies: Policies): string {
  const zone = policies.policy(plan.policy)?.schedule.timezone ?? 'UTC';
  const lines = [`${plan.policy} (target ${plan.target}): ${counted(dueTimes.length, 'due time')}, next ${plan.nextDue ?? 'never'}`];
  if (dueTimes.length > 0) {
    const rows = dueTimes.slice(0, DUE_TIMES_SHOWN).map(({ due, local, note }) => [local, due, note ?? '']);
    // Beyond the first few, only what a clock change touches.
    const changed = dueTimes.slice(DUE_TIMES_SHOWN).filter(({ note }) => note !== null).slice(0, DUE_TIMES_SHOWN);
    rows.push(...changed.map(({ due, local, note }) => [local, due, note ?? '']));
    // In UTC one clock is enough.
    const isUtc = zone === 'UTC';
    const cells = isUtc ? rows.map((row) => row.slice(1)) : rows;
    lines.push(indented(table(isUtc ? ['DUE (UTC)', ''] : [`DUE (${zone})`, 'UTC', ''], cells)), ...more(dueTimes.length - rows.length, 'due times'));
  }
  if (plan.apiCalls === null || plan.estimatedSeconds === null) return lines.join('\n');
  lines.push(...volumesText(plan), ...pruneText(plan.prune), ...(plan.brake === null ? [] : [`  the brake would hold: ${plan.brake}; look at it, then run snapkeep prune ${plan.policy} --confirm`]));
  lines.push(`  a firing and the prune after it: ${counted(plan.apiCalls, 'API call')}, at least ${humanSeconds(plan.estimatedSeconds)} ${limitsText(plan, policies)}`);
  return lines.join('\n');
}

function volumesText({ volumes }: PolicyPlan): readonly string[] {
  if (volumes.length === 0) return ['  the next firing would snapshot no volume'];
  const rows = volumes.slice(0, VOLUMES_SHOWN).map(({ id, name, snapshotName, startsAt }) => [name ?? '-', id, snapshotName, startsAt]);
  return [`  the next firing would snapshot ${counted(volumes.length, 'volume')}:`, indented(table(['VOLUME', 'ID', 'SNAPSHOT NAME', 'STARTS'], rows)), ...more(volumes.length - rows.length, 'volumes')];
}

/** What would go comes first. */
function pruneText(prune: readonly PlannedPrune[]): readonly string[] {
  const { delete: gone = [], keep = [], ignore = [] } = Object.groupBy(prune, ({ action }) => action);
  const rows = [...gone, ...keep, ...ignore].slice(0, PRUNE_SHOWN).map(({ action, snapshotId, volumeId, createdAt, reasons }) => [action, volumeId, snapshotId, createdAt ?? '-', reasons.join(', ')]);
  const lines = [`  prune would now delete ${gone.length}, keep ${keep.length}, and leave alone ${ignore.length} that ${ignore.length === 1 ? 'is' : 'are'} not its own or not finished`];
  if (rows.length > 0) lines.push(indented(table(['ACTION', 'VOLUME', 'SNAPSHOT', 'CREATED', 'WHY'], rows)), ...more(prune.length - rows.length, 'snapshots'));
  return lines;
}

function limitsText({ policy, target }: PolicyPlan, policies: Policies): string {
  const limits = policies.target(target)?.limits;
  if (limits === undefined) return '';
  const rate = limits.requestsPerSecond === null ? 'no limit of requests' : `${limits.requestsPerSecond} requests a second`;
  const spread = (policies.policy(policy)?.schedule.spread ?? 0) > 0 ? ', the spread included' : '';
  return `at ${rate} and ${limits.concurrentCreates} creates at once${spread}`;
}

function unprotectedText(volumes: readonly UnprotectedVolume[]): readonly string[] {
  if (volumes.length === 0) return [];
  const rows = volumes.slice(0, UNPROTECTED_SHOWN).map(({ target, id, name }) => [target, name ?? '-', id]);
  return [[`${counted(volumes.length, 'volume')} under no policy:`, indented(table(['TARGET', 'VOLUME', 'ID'], rows)), ...more(volumes.length - rows.length, 'volumes')].join('\n')];
}

function warningsText(warnings: readonly string[]): readonly string[] {
  if (warnings.length === 0) return [];
  return [[`${counted(warnings.length, 'warning')}:`, ...warnings.slice(0, WARNINGS_SHOWN).map((each) => `  ${each}`), ...more(warnings.length - WARNINGS_SHOWN, 'warnings')].join('\n')];
}

function more(count: number, what: string): string[] {
  return count > 0 ? [`  … and ${count} more ${what}`] : [];
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function indented(text: string): string {
  return text.split('\n').map((line) => `  ${line.trimEnd()}`).join('\n');
}
