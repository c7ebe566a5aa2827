import type { BigIntStats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileProblem, unreadable } from './file-problem.ts';
import type { Problem } from './problem.ts';

/** A policy file where it was found, still unread. */
export interface FoundFile {
  readonly name: string;
  /** Other whenever the file behind the name is another or was written to, as far as the file system tells. */
  readonly stamp: string;
  /** The last time it was written to or swapped, milliseconds since 1970; null where it cannot be looked at. */
  readonly touchedAtMs: number | null;
}

export interface FoundFiles {
  readonly files: readonly FoundFile[];
  /** Paths under which nothing was found. */
  readonly problems: readonly Problem[];
}

/**
 * The policy files under these paths, without opening them. A path is a file, or a directory of which every `*.yaml` and
 * `*.yml` directly in it is taken, in the order of their names; names that begin with a dot are left out (Kubernetes keeps
 * the versions of a ConfigMap under such), and symlinks are followed.
 */
export async function findPolicyFiles(paths: readonly string[]): Promise<FoundFiles> {
  const files: FoundFile[] = [];
  const problems: Problem[] = [];
  if (paths.length === 0) problems.push(fileProblem('', 'no path is given; name a policy file or a directory of them'));
  for (const path of paths) {
    try {
      const found = await stat(path, { bigint: true });
      if (!found.isDirectory()) {
        files.push(foundFile(path, found));
        continue;
      }
      const inside = await filesIn(path);
      if (inside.length === 0) problems.push(fileProblem(path, 'the directory holds no *.yaml and no *.yml; put a policy file there, or name one'));
      files.push(...inside);
    } catch (error) {
      problems.push(fileProblem(path, unreadable(error)));
    }
  }
  return { files, problems };
}

async function filesIn(directory: string): Promise<FoundFile[]> {
  const names = (await readdir(directory)).filter((name) => /^[^.].*\.ya?ml$/.test(name)).toSorted();
  const found = await Promise.all(
    names.map(async (name): Promise<FoundFile | null> => {
      const file = join(directory, name);
      // What cannot be looked at is a file: reading it tells what is wrong.
      const entry = await stat(file, { bigint: true }).catch(() => null);
      return entry === null ? { name: file, stamp: '', touchedAtMs: null } : entry.isDirectory() ? null : foundFile(file, entry);
    }),
  );
  return found.filter((file) => file !== null);
}

function foundFile(name: string, { dev, ino, size, mtimeNs, ctimeNs, mtimeMs, ctimeMs }: BigIntStats): FoundFile {
  return { name, stamp: `${dev}:${ino}:${size}:${mtimeNs}:${ctimeNs}`, touchedAtMs: Number(mtimeMs > ctimeMs ? mtimeMs : ctimeMs) };
}
