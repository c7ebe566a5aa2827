import { constants } from 'node:fs';
import { open, readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PolicySet } from '#domain/policy';
import type { Instant } from '#domain/time';
import { sortedProblems } from './problem.ts';
import type { Problem } from './problem.ts';
import { readPolicies } from './read-policies.ts';
import type { PolicyText } from './read-policies.ts';

/** A whole set, or every reason why there is none. `files` are those that could be read, for excerpts and hashes. */
export type LoadResult =
  | { readonly ok: true; readonly set: PolicySet; readonly warnings: readonly Problem[]; readonly files: readonly PolicyText[] }
  | { readonly ok: false; readonly problems: readonly Problem[]; readonly files: readonly PolicyText[] };

/** A policy file is refused above this; some seven thousand policies take less. */
const maxBytes = 4 * 1024 * 1024;

/**
 * Reads policy files. A path is a file, or a directory of which every `*.yaml` and `*.yml` directly in it is taken, in
 * the order of their names; names that begin with a dot are left out (Kubernetes keeps the versions of a ConfigMap
 * under such), and symlinks are followed. A file reached twice is read once. Never throws for what is wrong with the
 * files: a path that cannot be read and a directory without policy files are problems like any other.
 */
export async function loadPolicies(paths: readonly string[], options: { readonly now: Instant }): Promise<LoadResult> {
  const problems: Problem[] = [];
  const files: PolicyText[] = [];
  const seen = new Set<string>();
  for (const path of paths) {
    const names = await policyFiles(path, problems);
    for (const name of names) {
      const identity = await realpath(name).catch(() => name);
      if (seen.has(identity)) continue;
      seen.add(identity);
      const text = await readText(name, problems);
      if (text !== null) files.push({ name, text });
    }
  }
  if (paths.length === 0) problems.push(fileProblem('', 'no path is given; name a policy file or a directory of them'));

  const result = readPolicies(files, { now: options.now, isPartial: problems.length > 0 });
  if (problems.length === 0 && result.ok) return { ...result, files };
  const found = result.ok ? result.warnings : result.problems;
  return { ok: false, problems: sortedProblems([...problems, ...found]), files };
}

async function policyFiles(path: string, problems: Problem[]): Promise<string[]> {
  try {
    const found = await stat(path);
    if (!found.isDirectory()) return [path];
    const names = await readdir(path);
    const files: string[] = [];
    for (const name of names.filter((each) => /^[^.].*\.ya?ml$/.test(each)).toSorted()) {
      const file = join(path, name);
      const isDirectory = await stat(file).then((entry) => entry.isDirectory(), () => false);
      if (!isDirectory) files.push(file);
    }
    if (files.length === 0) problems.push(fileProblem(path, 'the directory holds no *.yaml and no *.yml; put a policy file there, or name one'));
    return files;
  } catch (error) {
    problems.push(fileProblem(path, unreadable(error)));
    return [];
  }
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

function fileProblem(file: string, message: string): Problem {
  return { severity: 'error', file, line: 1, column: 1, path: '', message };
}

function unreadable(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT':
      return 'there is no such file or directory; check the path';
    case 'EACCES':
    case 'EPERM':
      return 'it may not be read; check its permissions and those of the directories above it';
    default:
      return `it cannot be read (${code === '' ? String(error) : code}); check the path`;
  }
}
