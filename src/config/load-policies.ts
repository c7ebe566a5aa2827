import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import type { PolicySet } from '#domain/policy';
import type { Instant } from '#domain/time';
import { fileProblem, unreadable } from './file-problem.ts';
import { findPolicyFiles } from './find-policy-files.ts';
import type { FoundFiles } from './find-policy-files.ts';
import { sortedProblems } from './problem.ts';
import type { Problem } from './problem.ts';
import { readPolicies } from './read-policies.ts';
import type { PolicyText } from './read-policies.ts';

/** A whole set, or every reason why there is none. `files` are those that could be read, for excerpts and hashes. */
export type LoadResult =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly Problem[]; readonly files: readonly PolicyText[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: readonly PolicyText[] };

/** The texts of policy files, and what kept others from being read. */
export interface PolicyTexts {
  readonly files: readonly PolicyText[];
  readonly problems: readonly Problem[];
}

/** A policy file is refused above this; some seven thousand policies take less. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Reads policy files; of a directory all that findPolicyFiles tells. A file reached twice is read once. Never throws for
 * what is wrong with the files: a path that cannot be read and a directory without policy files are problems like any other.
 */
export async function loadPolicies(paths: readonly string[], options: { readonly now: Instant }): Promise<LoadResult> {
  return policiesIn(await readTexts(await findPolicyFiles(paths)), options);
}

export async function readTexts(found: FoundFiles): Promise<PolicyTexts> {
  const texts: PolicyText[] = [];
  const all = [...found.problems];
  const seen = new Set<string>();
  for (const { name } of found.files) {
    const identity = await realpath(name).catch(() => name);
    if (seen.has(identity)) continue;
    seen.add(identity);
    const text = await readText(name, all);
    if (text !== null) texts.push({ name, text });
  }
  return { files: texts, problems: all };
}

/** The policies that these texts hold. `instance`: another one is a problem. */
export function policiesIn({ files, problems }: PolicyTexts, options: { readonly now: Instant; readonly instance?: string }): LoadResult {
  const result = readPolicies(files, { ...options, isPartial: problems.length > 0 });
  if (problems.length === 0 && result.ok) return { ...result, files };
  const found = result.ok ? result.warnings : result.problems;
  return { ok: false, problems: sortedProblems([...problems, ...found]), files };
}

async function readText(file: string, problems: Problem[]): Promise<string | null> {
  try {
    const bytes = await readAtMost(file);
    if (bytes === null) {
      problems.push(fileProblem(file, 'the file is not a regular file or larger than 4 MiB; split it into several in one directory'));
      return null;
    }
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) problems.push(fileProblem(file, 'the file is not UTF-8 text; save it as UTF-8'));
    else problems.push(fileProblem(file, unreadable(error)));
    return null;
  }
}

/**
 * One handle for size and content: the name may point to another file a moment later. Null where it is too large or no
 * file. Without blocking, or opening a pipe would wait for its writer.
 */
async function readAtMost(file: string): Promise<Buffer | null> {
  await using handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const found = await handle.stat();
  if (!found.isFile() || found.size > maxBytes) return null;
  return await handle.readFile();
}
