import { member, textMember } from './file-entries.ts';
import { formatPath } from './problem.ts';
import type { Problem } from './problem.ts';
import type { PolicyText } from './read-policies.ts';
import { parseYaml } from './yaml-source.ts';

/** Where something stands in the files, as a problem has it. */
export type Place = Pick<Problem, 'file' | 'line' | 'column' | 'path'>;

/** Where the target or policy of a name is defined in files that are valid. */
export function placeOfEntry(files: readonly PolicyText[], kind: 'targets' | 'policies', name: string): Place {
  for (const { name: file, text } of files) {
    const source = parseYaml(file, text);
    const entries = member(source.value, kind);
    const index = Array.isArray(entries) ? entries.findIndex((entry) => textMember(entry, 'name') === name) : -1;
    if (index >= 0) return { file, ...source.positionOf([kind, index]), path: formatPath([kind, index]) };
  }
  return { file: files[0]?.name ?? '', line: 1, column: 1, path: kind };
}
