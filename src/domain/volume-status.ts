/**
 * Whether a volume in this status can be snapshotted: `ready` now (`in-use` only with force), `busy` once the status
 * has passed by itself, `broken` not before somebody mends it, `unknown` for a word that is in none of the lists.
 * Source: EVS API reference, disk status; for the OpenStack words, Cinder 21.3.1 (Zed).
 */
export type VolumeReadiness = 'ready' | 'busy' | 'broken' | 'unknown';

const readiness: Readonly<Record<string, VolumeReadiness>> = {
  'available': 'ready',
  'in-use': 'ready',
  'attaching': 'busy',
  'detaching': 'busy',
  'reserved': 'busy',
  'creating': 'busy',
  'downloading': 'busy',
  'uploading': 'busy',
  'extending': 'busy',
  'retyping': 'busy',
  'backing-up': 'busy',
  'restoring-backup': 'busy',
  'rollbacking': 'busy',
  'maintenance': 'busy',
  'awaiting-transfer': 'busy',
  'deleting': 'broken',
  'error': 'broken',
  'error_deleting': 'broken',
  'error_extending': 'broken',
  'error_restoring': 'broken',
  'error_rollbacking': 'broken',
};

export function volumeReadiness(status: string): VolumeReadiness {
  return readiness[status.toLowerCase()] ?? 'unknown';
}
