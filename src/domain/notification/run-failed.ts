import type { Firing, Run, RunCounts } from '../run.ts';
import type { Instant } from '../time.ts';
import { MAX_VOLUMES } from './notice.ts';
import type { FailedVolume, RunFailed } from './notice.ts';
import { noticeId } from './notice-id.ts';

/** Runs without a good snapshot of which somebody has to know; a skipped run was decided on and is none of them. */
export function failedRuns(counts: RunCounts): number {
  return counts.failed + counts.abandoned;
}

/** One notice for all failed runs of a firing. `runs` may hold others, too, and in any order; `at` is when it happened. */
export function runFailedNotice(instance: string, firing: Firing & { readonly counts: RunCounts; readonly finishedAt: Instant | null }, runs: readonly Run[], at: Instant): RunFailed {
  const { policy, target, due, trigger, counts } = firing;
  const isFinal = firing.finishedAt !== null;
  return {
    id: noticeId([instance, 'run.failed', policy, due, isFinal ? 'final' : 'so far']),
    instance,
    event: 'run.failed',
    at,
    policy,
    target,
    due,
    trigger,
    isFinal,
    runs: counts,
    volumes: runs.flatMap(failedVolume).toSorted(byName).slice(0, MAX_VOLUMES),
  };
}

function failedVolume({ id, volumeId, volumeName, outcome, failure }: Run): readonly FailedVolume[] {
  if (outcome !== 'failed' && outcome !== 'abandoned') return [];
  return [
    {
      id: volumeId,
      name: volumeName,
      runId: id,
      outcome,
      kind: failure?.kind ?? null,
      httpStatus: failure?.httpStatus ?? null,
      code: failure?.code ?? null,
      message: failure?.message ?? 'no reason recorded',
      requestId: failure?.requestId ?? null,
    },
  ];
}

function byName(a: FailedVolume, b: FailedVolume): number {
  const [nameA, nameB] = [a.name ?? a.id, b.name ?? b.id];
  if (nameA !== nameB) return nameA < nameB ? -1 : 1;
  return a.id < b.id ? -1 : Number(a.id > b.id);
}
