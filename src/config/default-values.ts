import type { TargetApi } from '#domain/target';
import { DAY, durationMs, HOUR, MINUTE, SECOND } from '#domain/time';

/** What a policy says where the files say nothing. Each value stands here and nowhere else. */
export const POLICY_DEFAULTS = {
  paused: false,
  timezone: 'UTC',
  spread: durationMs(0),
  catchUp: 'latest',
  catchUpWindow: DAY,
  snapshotName: '{policy}-{volume}-{due}',
  /** As in the API (EVS API reference, create snapshot). */
  force: false,
  retentionCount: 0,
  retentionWithin: durationMs(0),
  orphans: 'keep',
  attempts: 5,
  backoffInitial: durationMs(10 * SECOND),
  backoffMax: durationMs(10 * MINUTE),
  grace: durationMs(30 * SECOND),
  deadline: durationMs(4 * HOUR),
  /** The default RPO is this many times the longest gap between due times. */
  rpoPerGap: { numerator: 11, denominator: 10 },
} as const;

/** What a target says where the files say nothing. */
export const TARGET_DEFAULTS = {
  requestsPerSecond: null,
  concurrentCreates: 20,
  timeout: durationMs(30 * SECOND),
} as const;

/** The snapshots of one volume that a cloud of this family allows where the files say nothing; null is no cap. */
export function defaultSnapshotsPerVolume(api: TargetApi): number | null {
  return api === 'evs-v3' ? 7 : null;
}

/** What a notification says where the files say nothing: everything. */
export const NOTIFICATION_DEFAULTS = {
  format: 'cloudevents',
  events: ['run.failed', 'volume.overdue', 'volume.recovered', 'prune.braked', 'config.refused'],
  policies: ['*'],
} as const;
