import type { Policy, PolicySet } from '#domain/policy';
import type { Instant } from '#domain/time';
import {
  defaultsProblems,
  instanceChangeProblems,
  instanceProblems,
  nameProblems,
  notificationReferenceProblems,
  targetReferenceProblems,
} from './cross-checks.ts';
import { fileEntries } from './file-entries.ts';
import type { Entry, FileEntries } from './file-entries.ts';
import { issueProblems } from './issue-problems.ts';
import { combinedProblems, completeValues, missingProblems } from './policy-checks.ts';
import type { LayeredPolicy } from './policy-checks.ts';
import { PolicyFile } from './policy-schema.ts';
import type { PolicyEntry } from './policy-schema.ts';
import { policyWarnings } from './policy-warnings.ts';
import { sortedProblems } from './problem.ts';
import type { Problem } from './problem.ts';
import { revisionOf } from './revision.ts';
import { targetProblems } from './target-checks.ts';
import { notificationOf, policyOf, targetOf } from './written-to-domain.ts';
import { parseYaml } from './yaml-source.ts';
import type { YamlSource } from './yaml-source.ts';

/** A policy file's name, as problems show it, and its text. */
export interface PolicyText {
  readonly name: string;
  readonly text: string;
}

/** A whole set, or every reason why there is none. */
export type ReadResult =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly Problem[] }
  | {
      readonly ok: false;
      /** Errors, and the warnings of what could be read; in reading order. */
      readonly problems: readonly Problem[];
    };

/**
 * Reads policy files as one: lists are put together, `instance` and `defaults` hold for all. Finds all problems, not only
 * the first; a set comes out only where there is no error in any file. No files make no set. `now` is where the coming
 * year begins in which gaps between due times are looked for.
 */
export function readPolicies(
  files: readonly PolicyText[],
  options: {
    readonly now: Instant;
    /** There are more files than could be read: a name may be defined in one of those. Absent: these are all. */
    readonly isPartial?: boolean;
    /** Whose snapshots a running service keeps: another one is a problem. Absent: any will do. */
    readonly instance?: string;
  },
): ReadResult {
  const sources = files.map((file) => parseYaml(file.name, file.text));
  const problems: Problem[] = sources.flatMap((source) => [...source.problems]);
  const readable = sources.filter((source) => source.value !== undefined);
  const whole = new Map<YamlSource, PolicyFile>();
  for (const source of readable) {
    const read = PolicyFile.safeParse(source.value);
    if (read.success) whole.set(source, read.data);
    else problems.push(...issueProblems(source, read.error.issues));
  }
  const entries = fileEntries(readable, whole);
  problems.push(...defaultsProblems(entries), ...nameProblems(entries), ...entries.targets.flatMap(targetProblems));
  if (options.instance !== undefined) problems.push(...instanceChangeProblems(entries, options.instance));
  // What a file that cannot be parsed defines is not known, so nothing is called missing then.
  if (readable.length === sources.length && options.isPartial !== true) {
    problems.push(
      ...instanceProblems(entries, readable),
      ...targetReferenceProblems(entries),
      ...notificationReferenceProblems(entries),
      ...layered(entries).flatMap(missingProblems),
    );
  }

  const instance = entries.instances[0]?.value ?? '';
  const { policies, problems: policyProblems } = readEntries(entries, instance, options.now);
  problems.push(...policyProblems);

  const all = sortedProblems(problems);
  if (files.length === 0 || all.some((problem) => problem.severity === 'error')) return { ok: false, problems: all };
  return { ok: true, set: setOf(instance, entries, policies), warnings: all };
}

function readEntries(entries: FileEntries, instance: string, now: Instant): { policies: Policy[]; problems: Problem[] } {
  const targets = new Map(entries.targets.flatMap((entry) => (entry.value === null ? [] : [[entry.value.name, targetOf(entry.value)]])));
  const policies: Policy[] = [];
  const problems: Problem[] = [];
  for (const layers of layered(entries)) {
    const values = completeValues(layers);
    if (values === null || layers.entry.value === null) continue;
    problems.push(...combinedProblems(layers, values, instance));
    const policy = policyOf(layers.entry.value.name, values, now);
    problems.push(...policyWarnings(layers, policy, targets.get(policy.target) ?? null, now));
    policies.push(policy);
  }
  return { policies, problems };
}

function layered(entries: FileEntries): LayeredPolicy[] {
  const defaults = entries.defaults[0] ?? null;
  return entries.policies.map((entry: Entry<PolicyEntry>) => ({ entry, defaults }));
}

function setOf(instance: string, entries: FileEntries, policies: readonly Policy[]): PolicySet {
  const targets = entries.targets.flatMap((entry) => (entry.value === null ? [] : [targetOf(entry.value)]));
  const notifications = entries.notifications.flatMap((entry) => (entry.value === null ? [] : [notificationOf(entry.value)]));
  const revision = revisionOf({ instance, targets, policies: policies.map((policy) => policy.revision), notifications });
  return { instance, targets, policies, notifications, revision };
}
