/**
 * Whether a volume in this status can be snapshotted: `ready` now (`in-use` only with force), `busy` once the status
 * has passed by itself, `broken` not before somebody does something, `unknown` for a word that is in none of the lists.
 */
export type VolumeReadiness = 'ready' | 'busy' | 'broken' | 'unknown';

/** EVS API reference, disk status; the same words in Cinder 21.3.1 (Zed). */
export const PASSING_STATUSES: ReadonlySet<string> = new Set([
  'attaching', 'detaching', 'creating', 'downloading', 'uploading', 'extending', 'retyping', 'backing-up', 'restoring-backup',
  'rollbacking', 'reserved', 'maintenance', 'migrating', 'managing', 'updating', 'restoring', 'snapshotting',
]);

const ready: ReadonlySet<string> = new Set(['available', 'in-use']);
const broken: ReadonlySet<string> = new Set(['deleting', 'awaiting-transfer']);

/** `status` is the cloud's word, in any case. */
export function volumeReadiness(status: string): VolumeReadiness {
  const word = status.toLowerCase();
  if (ready.has(word)) return 'ready';
  if (PASSING_STATUSES.has(word)) return 'busy';
  return broken.has(word) || word.startsWith('error') ? 'broken' : 'unknown';
}
