import { createHash } from 'node:crypto';
import { isoSeconds } from '../time.ts';
import type { Instant } from '../time.ts';

/** What `runIdOf` gives. */
export const runIdPattern = /^r[0-9a-f]{32}$/;

const partLength = 16;

/**
 * The id of a firing: one policy at one due time. 16 lower-case hex digits, equal for equal arguments on every machine;
 * parts of the due time below a second do not count, as in `snapkeep_due`.
 */
export function firingIdOf(instance: string, policy: string, due: Instant): string {
  return hash([instance, policy, isoSeconds(due)]);
}

/**
 * The id of the run of one policy on one volume at one due time: the value of `snapkeep_run` and the key of the run
 * everywhere else. `r`, the id of its firing and a hash of the volume's id: no colon and never like an integer, as
 * BullMQ wants its job ids, and the record of the run is found from the id alone.
 */
export function runIdOf(instance: string, policy: string, volumeId: string, due: Instant): string {
  return runIdIn(firingIdOf(instance, policy, due), volumeId);
}

/** The id of the run of a firing on a volume. */
export function runIdIn(firingId: string, volumeId: string): string {
  return `r${firingId}${hash([volumeId])}`;
}

/** The two parts of a run id: its firing's id and what stands for the volume in it. Null where it is no run id. */
export function partsOfRunId(runId: string): { readonly firingId: string; readonly volumeKey: string } | null {
  if (!runIdPattern.test(runId)) return null;
  return { firingId: runId.slice(1, 1 + partLength), volumeKey: runId.slice(1 + partLength) };
}

function hash(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, partLength);
}
