import { matchesGlob } from '#domain/selection';
import { closestWords } from '#domain/naming/closest-words';
import { entryProblem, placeOf, textMember } from './file-entries.ts';
import type { Entry, FileEntries } from './file-entries.ts';
import type { Problem } from './problem.ts';
import type { YamlSource } from './yaml-source.ts';

/** `instance` has to stand in one file at least, and say the same in all. */
export function instanceProblems(entries: FileEntries, sources: readonly YamlSource[]): readonly Problem[] {
  const [first, ...others] = entries.instances;
  if (first === undefined) {
    const file = sources[0];
    if (file === undefined) return [];
    const root: Entry<null> = { source: file, path: [], raw: null, value: null };
    return [entryProblem('error', root, [], '"instance" is missing; write who owns the snapshots, for example instance: prod-backup')];
  }
  return others
    .filter((other) => other.value !== first.value)
    .map((other) =>
      entryProblem('error', other, [], `instance is ${JSON.stringify(other.raw)} here and ${JSON.stringify(first.raw)} at ${placeOf(first, [])}; write the same in both, or in one file only`),
    );
}

/** A running service keeps to its `instance`: what it has in Redis and in the cloud bears that name. */
export function instanceChangeProblems(entries: FileEntries, running: string): readonly Problem[] {
  return entries.instances
    .filter(({ value }) => value !== null && value !== running)
    .map((entry) =>
      entryProblem('error', entry, [], `instance is ${JSON.stringify(entry.value)} here and "${running}" in the running service, whose snapshots and records bear that name; write it back, or restart the service to begin anew under the other one`),
    );
}

/** `defaults` hold for the policies of all files, so only one file may have them. */
export function defaultsProblems(entries: FileEntries): readonly Problem[] {
  const [first, ...others] = entries.defaults;
  if (first === undefined) return [];
  return others.map((other) =>
    entryProblem('error', other, [], `defaults are given twice, here and at ${placeOf(first, [])}; they hold for all files, so keep them in one`),
  );
}

/** Names of targets, of policies and of notifications are each used once, in all files together; case does not tell two apart. */
export function nameProblems(entries: FileEntries): readonly Problem[] {
  return [
    ...duplicateNames('target', entries.targets),
    ...duplicateNames('policy', entries.policies),
    ...duplicateNames('notification', entries.notifications),
  ];
}

function duplicateNames(kind: string, list: readonly Entry<unknown>[]): Problem[] {
  const firstOf = new Map<string, Entry<unknown>>();
  const problems: Problem[] = [];
  for (const entry of list) {
    const name = textMember(entry.raw, 'name');
    if (name === null) continue;
    const first = firstOf.get(name.toLowerCase());
    if (first === undefined) {
      firstOf.set(name.toLowerCase(), entry);
      continue;
    }
    const other = textMember(first.raw, 'name') === name ? '' : ' but for case';
    problems.push(
      entryProblem('error', entry, ['name'], `${kind} "${name}" is defined twice${other}, here (${placeOf(entry, ['name'])}) and at ${placeOf(first, ['name'])}; give one of them another name`),
    );
  }
  return problems;
}

/** Every policy's target has to be defined, in any of the files. */
export function targetReferenceProblems(entries: FileEntries): readonly Problem[] {
  const names = knownNames(entries.targets);
  const defaults = entries.defaults[0];
  const holders = defaults === undefined ? entries.policies : [defaults, ...entries.policies];
  return holders.flatMap((holder) => {
    const target = textMember(holder.raw, 'target');
    if (target === null || names.includes(target.trim())) return [];
    return [entryProblem('error', holder, ['target'], `target "${target}" is not defined; ${cure(target, names, 'target')}`)];
  });
}

/** A notification's policies have to be defined; a glob may match none yet. */
export function notificationReferenceProblems(entries: FileEntries): readonly Problem[] {
  const names = knownNames(entries.policies);
  return entries.notifications.flatMap((entry) =>
    (entry.value?.policies ?? []).flatMap((glob, place) => {
      if (/[*?]/.test(glob) || names.some((name) => matchesGlob(glob, name))) return [];
      return [entryProblem('error', entry, ['policies', place], `policy "${glob}" is not defined; ${cure(glob, names, 'policy')}`)];
    }),
  );
}

function knownNames(list: readonly Entry<unknown>[]): readonly string[] {
  return list.flatMap((entry) => textMember(entry.raw, 'name') ?? []);
}

function cure(wanted: string, names: readonly string[], kind: string): string {
  if (names.length === 0) return `no ${kind} is: add one under "${kind === 'policy' ? 'policies' : 'targets'}"`;
  const near = closestWords(wanted, names)[0];
  return near === undefined ? `defined are ${names.slice(0, 10).join(', ')}` : `did you mean "${near}"?`;
}
