import type { FailedVolume, Notice, RunFailed, VolumeOverdue } from '#domain/notification/notice';
import { HOUR, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';

export function at(iso: string): Instant {
  return instant(Date.parse(iso));
}

export function failedVolume(n: number, fields: Partial<FailedVolume> = {}): FailedVolume {
  return { id: `id-${n}`, name: `db-${n}`, runId: `r${n}`, outcome: 'failed', kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'no such thing', requestId: `req-${n}`, ...fields };
}

export function runFailed(volumes: readonly FailedVolume[], fields: Partial<RunFailed> = {}): RunFailed {
  return {
    id: 'n1',
    instance: 'prod',
    event: 'run.failed',
    at: at('2026-11-24T02:05:00.250Z'),
    policy: 'nightly',
    target: 'eu',
    due: at('2026-11-24T02:00:00Z'),
    trigger: 'schedule',
    isFinal: true,
    runs: { pending: 0, available: 1, failed: volumes.length, skipped: 0, abandoned: 0 },
    volumes,
    ...fields,
  };
}

export const overdue: VolumeOverdue = {
  id: 'n2',
  instance: 'prod',
  event: 'volume.overdue',
  at: at('2026-11-25T04:00:00Z'),
  policy: 'nightly',
  target: 'eu',
  rpo: durationMs(26 * HOUR),
  count: 3,
  volumes: [
    { id: 'id-1', name: 'db-1', lastGoodAt: at('2026-11-24T02:00:00Z'), lagSeconds: 93_601, reason: 'the newest good snapshot is too old' },
    { id: 'id-2', name: null, lastGoodAt: null, lagSeconds: 100_000, reason: null },
  ],
};

const facts = { id: 'n3', instance: 'prod', at: at('2026-11-25T04:00:00Z') };

/** One of each kind. */
export const notices: readonly Notice[] = [
  runFailed([failedVolume(1)]),
  overdue,
  { ...facts, event: 'volume.recovered', policy: 'nightly', target: 'eu', count: 2, volumes: [{ id: 'id-1', lastGoodAt: at('2026-11-25T03:59:00Z') }, { id: 'id-2', lastGoodAt: null }], stillOverdue: 1 },
  { ...facts, event: 'prune.braked', policy: 'nightly', target: 'eu', reason: 'more than half at once', expired: 8, good: 14 },
  { ...facts, event: 'config.refused', policy: null, problems: 2, message: 'policies.yaml:3:1: unknown key' },
];
