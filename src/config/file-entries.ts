import type { z } from 'zod';
import { formatPath } from './problem.ts';
import type { Path, Problem } from './problem.ts';
import { DefaultsEntry, NotificationEntry, PolicyEntry } from './policy-schema.ts';
import type { PolicyFile, PolicyValues } from './policy-schema.ts';
import { TargetEntry } from './target-schema.ts';
import type { Position, YamlSource } from './yaml-source.ts';

/** One entry of a list, or a top-level mapping, with the place it stands at. */
export interface Entry<Value> {
  readonly source: YamlSource;
  readonly path: Path;
  /** As the file has it. */
  readonly raw: unknown;
  /** Null where the entry breaks its schema; checks that need no more than names still look at `raw`. */
  readonly value: Value | null;
}

/** What all files say, list by list, in the order of the files. */
export interface FileEntries {
  readonly instances: readonly Entry<string>[];
  readonly targets: readonly Entry<TargetEntry>[];
  readonly defaults: readonly Entry<PolicyValues>[];
  readonly policies: readonly Entry<PolicyEntry>[];
  readonly notifications: readonly Entry<NotificationEntry>[];
}

/**
 * Takes the entries out of all files. In a file that breaks its schema each entry is read on its own, so that one broken
 * entry hides nothing about the others; `whole` holds the files that do not.
 */
export function fileEntries(sources: readonly YamlSource[], whole: ReadonlyMap<YamlSource, PolicyFile>): FileEntries {
  function list<Schema extends z.ZodType>(
    key: 'targets' | 'policies' | 'notifications',
    schema: Schema,
    readIn: (file: PolicyFile) => readonly z.output<Schema>[] | undefined,
  ): readonly Entry<z.output<Schema>>[] {
    return sources.flatMap((source) => {
      const raws = member(source.value, key);
      const file = whole.get(source);
      const read = file === undefined ? undefined : readIn(file);
      if (!Array.isArray(raws)) return [];
      return raws.map((raw: unknown, place): Entry<z.output<Schema>> => {
        const path = [key, place];
        const value = read?.[place];
        return value === undefined ? entryOf(source, path, raw, schema) : { source, path, raw, value };
      });
    });
  }
  return {
    instances: sources.flatMap((source): Entry<string>[] => {
      const raw = member(source.value, 'instance');
      return raw === undefined ? [] : [{ source, path: ['instance'], raw, value: typeof raw === 'string' ? raw : null }];
    }),
    targets: list('targets', TargetEntry, (file) => file.targets),
    defaults: sources.flatMap((source): Entry<PolicyValues>[] => {
      const raw = member(source.value, 'defaults');
      return raw === undefined ? [] : [entryOf(source, ['defaults'], raw, DefaultsEntry)];
    }),
    policies: list('policies', PolicyEntry, (file) => file.policies),
    notifications: list('notifications', NotificationEntry, (file) => file.notifications),
  };
}

function entryOf<Schema extends z.ZodType>(source: YamlSource, path: Path, raw: unknown, schema: Schema): Entry<z.output<Schema>> {
  const read = schema.safeParse(raw);
  return { source, path, raw, value: read.success ? read.data : null };
}

/** The value under a key of a mapping; undefined where it is absent or there is no mapping. */
export function member(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.hasOwn(value, key) ? Reflect.get(value, key) : undefined;
}

/** The text under a key; null where there is none. */
export function textMember(value: unknown, key: string): string | null {
  const found = member(value, key);
  return typeof found === 'string' ? found : null;
}

/** A problem at a value inside an entry, or at its nearest parent that is written out. */
export function entryProblem(severity: Problem['severity'], entry: Entry<unknown>, inner: Path, message: string): Problem {
  let path: Path = [...entry.path, ...inner];
  while (path.length > 0 && !entry.source.has(path)) path = path.slice(0, -1);
  return { severity, file: entry.source.file, ...entry.source.positionOf(path), path: formatPath(path), message };
}

/** `file:line:column` of a value inside an entry, for a message about another place. */
export function placeOf(entry: Entry<unknown>, inner: Path): string {
  const position: Position = entry.source.positionOf([...entry.path, ...inner]);
  return `${entry.source.file}:${position.line}:${position.column}`;
}
