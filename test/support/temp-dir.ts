import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  /** Removes the directory with all that is in it. */
  remove(): Promise<void>;
}

/** A new empty directory of its own: `await using dir = await tempDir();` removes it at the end of the block. */
export async function tempDir(name = 'test'): Promise<TempDir> {
  const directory = await mkdtemp(path.join(tmpdir(), `snapkeep-${name}-`));
  const remove = () => rm(directory, { recursive: true, force: true, maxRetries: 3 });
  return { path: directory, remove, [Symbol.asyncDispose]: remove };
}
