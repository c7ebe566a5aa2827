import { loadPolicies } from '#config/load-policies';
import type { LoadResult } from '#config/load-policies';
import { printResult } from '../cli/validate.ts';
import type { Io } from '../cli/io.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';

/** Loads the policy files of a command; null where they are invalid, every problem then printed as `validate` does. */
export async function loadSet(paths: readonly string[], io: Io): Promise<Extract<LoadResult, { ok: true }> | null> {
  return goodOrSay(await loadPolicies(paths, { now: systemClock.now() }), io);
}

/** What was loaded; null where it is invalid, every problem then printed as `validate` does. */
export function goodOrSay(loaded: LoadResult, io: Io): Extract<LoadResult, { ok: true }> | null {
  if (loaded.ok) return loaded;
  printResult(loaded, { strict: false, json: false }, { stdout: io.stderr, isTty: io.isTty });
  return null;
}
