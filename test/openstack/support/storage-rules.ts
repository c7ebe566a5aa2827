import { rm, writeFile } from 'node:fs/promises';

/** How the storage below Cinder treats the snapshots whose name `match` finds. */
export interface StorageRule {
  readonly match: string;
  /** Seconds until the snapshot is made. */
  readonly delay?: number;
  readonly fail?: true;
}

/** The file in which the testbed's storage driver looks at each call; undefined where the OpenStack is not the testbed. */
export const controlFile = process.env['CINDER_TESTBED_CONTROL'];

/** Makes the storage slow or failing until the end of the block. */
export async function storageRules(...rules: readonly StorageRule[]): Promise<AsyncDisposable & { set(...rules: readonly StorageRule[]): Promise<void> }> {
  const file = controlFile;
  if (file === undefined) throw new Error('CINDER_TESTBED_CONTROL is not set');
  const set = (...next: readonly StorageRule[]) => writeFile(file, JSON.stringify({ create_snapshot: next }));
  await set(...rules);
  return { set, [Symbol.asyncDispose]: () => rm(file, { force: true }) };
}
