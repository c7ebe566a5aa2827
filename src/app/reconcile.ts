import { spreadOffset } from '#domain/naming/spread';
import { spreadAt } from '#domain/schedule/spread-at';
import { SECOND, addMs, durationMs, instant } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { RunQueue } from './ports/run-queue.ts';
import type { Telemetry } from './ports/telemetry.ts';

export interface ReconcileDeps {
  readonly ledger: Ledger;
  readonly queue: RunQueue;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly replica: string;
}

const EVERY: DurationMs = (10 * SECOND) as DurationMs;

/**
 * Finds runs that the record says have to be worked on and that the queue does not hold, and queues them again: a job
 * given up after too many stalls, lost with its lock, or evicted. Counting costs two calls; only where the counts do not
 * agree are the runs themselves read.
 */
export async function runReconciler(deps: ReconcileDeps, target: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    await deps.clock.sleepUntil(addMs(deps.clock.now(), EVERY), signal);
    if (signal.aborted) return;
    const lease = `reconcile:${target}`;
    if (await deps.ledger.acquireLease(lease, deps.replica, (EVERY - SECOND / 2) as DurationMs)) await reconcile(deps, target);
  }
}

/** One pass; returns how many runs were queued again. */
export async function reconcile(deps: ReconcileDeps, target: string): Promise<number> {
  const firings = (await deps.ledger.openFirings()).filter((firing) => firing.target === target && firing.total !== null);
  const needed = firings.reduce((sum, firing) => sum + firing.counts.pending - firing.creating, 0);
  if (needed === 0) return 0;
  const { waiting, delayed, active } = await deps.queue.depth(target);
  if (waiting + delayed + active >= needed) return 0;

  let queued = 0;
  for (const firing of firings) {
    const policy = deps.policies.policy(firing.policy);
    const spread = policy === null ? durationMs(0) : spreadAt(policy.schedule, firing);
    const unreadable = ({ message }: Error): void => deps.telemetry.emit('record.unreadable', { policy: firing.policy, target, due: firing.due, errorMessage: message });
    for await (const page of deps.ledger.runsOfFiring(firing.id, unreadable)) {
      const open = page.filter(({ run }) => run.phase === 'queued' || run.phase === 'requesting').map(({ run }) => run);
      const missing = new Set(open.length === 0 ? [] : await deps.queue.missing(target, open.map(({ id }) => id)));
      if (missing.size === 0) continue;
      const now = deps.clock.now();
      // Not before its share of the spread, or all volumes would start at once.
      const lost = open.filter(({ id }) => missing.has(id)).map(({ id, volumeId }) => ({ runId: id, at: instant(Math.max(now, firing.due + spreadOffset(volumeId, spread))) }));
      await deps.queue.enqueue(target, lost);
      queued += missing.size;
    }
  }
  if (queued > 0) deps.telemetry.emit('run.recovered', { target, count: queued });
  return queued;
}
