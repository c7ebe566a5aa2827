import { CloudFailure } from '#domain/failure/failure';
import type { Snapshot } from '#domain/snapshot';
import { MINUTE, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { settleSnapshot } from './settle-snapshot.ts';
import type { WatchDeps, WatchedRun } from './watched-run.ts';

/** Snapshots of a target looked at in one pass. */
const WATCHED_PER_PASS = 5_000;

/** A snapshot watched for longer than this is a straggler: listings no longer go back that far for it. */
export const STRAGGLER_AFTER: DurationMs = (10 * MINUTE) as DurationMs;

/** Up to so many snapshots, asking for each costs no more than a page of the listing. */
const FEW = 2;

/** So many snapshots that cannot be shown end a pass. */
const FAILURES_PER_PASS = 3;

/** How many records are settled at the same time. */
const SETTLED_AT_ONCE = 64;

export interface Look {
  /** Snapshots that are still being made. */
  readonly left: number;
  /** Those whose wait this look ended. */
  readonly settled: number;
}

/**
 * One look at all snapshots of a target that are being made, together: pages of the newest-first listing until all are
 * found, single calls only for a few or for stragglers. Throws CloudFailure where the cloud does not answer; what was seen
 * until then has been settled.
 */
export async function watchSnapshots(deps: WatchDeps, target: string, signal: AbortSignal): Promise<Look> {
  const runs = new Map<string, WatchedRun>();
  const watched = await deps.ledger.watched(target, WATCHED_PER_PASS);
  const records = await deps.ledger.runsById(watched);
  for (const runId of watched) {
    const found = records.get(runId);
    if (found?.run.phase === 'creating' && found.run.snapshotId !== null) runs.set(found.run.snapshotId, found);
    else await deps.ledger.unwatch(target, runId);
  }
  if (runs.size === 0) return { left: 0, settled: 0 };

  const cloud = deps.clouds.of(target);
  const now = deps.clock.now();
  const options = { signal, priority: 'watch' } as const;
  const stragglersBefore = addMs(now, -STRAGGLER_AFTER);
  const recent = [...runs].filter(([, { run }]) => (run.requestedAt ?? now) >= stragglersBefore);
  let settled = 0;

  function within<T>({ run }: WatchedRun, work: () => Promise<T>): Promise<T> {
    return deps.traces ? deps.traces.within(run.id, work) : work();
  }
  async function settle(batch: readonly (readonly [WatchedRun, Snapshot | null])[]): Promise<void> {
    for (let from = 0; from < batch.length; from += SETTLED_AT_ONCE) {
      const ended = await Promise.all(
        batch.slice(from, from + SETTLED_AT_ONCE).map(([run, snapshot]) => within(run, () => settleSnapshot(deps, run, snapshot, signal))),
      );
      settled += ended.filter(Boolean).length;
    }
  }

  const unseen = new Set(recent.map(([snapshotId]) => snapshotId));
  if (unseen.size > FEW) {
    for await (const page of cloud.snapshotPages({}, options)) {
      const batch: [WatchedRun, Snapshot][] = [];
      for (const snapshot of page) {
        const run = runs.get(snapshot.id);
        if (run !== undefined && unseen.delete(snapshot.id)) batch.push([run, snapshot]);
      }
      await settle(batch);
      const oldest = page.at(-1)?.createdAt ?? null;
      if (unseen.size === 0 || (oldest !== null && oldest < addMs(stragglersBefore, -STRAGGLER_AFTER))) break;
    }
  }

  // What no page showed is asked for one by one: a few, the stragglers, and what the cloud does not list (yet).
  const listed = new Set(recent.map(([snapshotId]) => snapshotId).filter((snapshotId) => !unseen.has(snapshotId)));
  const failures: CloudFailure[] = [];
  for (const [snapshotId, run] of runs) {
    if (listed.has(snapshotId)) continue;
    try {
      await settle([[run, await within(run, () => showOrNull(deps, target, snapshotId, signal))]]);
    } catch (error) {
      // One that cannot be shown keeps no other waiting; several are a cloud that does not answer.
      if (!(error instanceof CloudFailure) || failures.push(error) >= FAILURES_PER_PASS) throw error;
    }
  }
  if (failures[0] !== undefined) throw failures[0];
  return { left: runs.size - settled, settled };
}

async function showOrNull(deps: WatchDeps, target: string, snapshotId: string, signal: AbortSignal): Promise<Snapshot | null> {
  try {
    return await deps.clouds.of(target).showSnapshot(snapshotId, { signal, priority: 'watch' });
  } catch (error) {
    if (error instanceof CloudFailure && error.failure.kind === 'not_found') return null;
    throw error;
  }
}
