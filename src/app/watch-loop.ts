import { CloudFailure } from '#domain/failure/failure';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Wakeable } from './wakeable.ts';
import { watchSnapshots } from './watch-snapshots.ts';
import type { Look } from './watch-snapshots.ts';
import type { WatchDeps } from './watched-run.ts';

/** The first look comes soon after a create call, later ones ever more slowly up to the slowest. */
const FIRST_LOOK: DurationMs = (SECOND / 2) as DurationMs;
const QUICKEST_LOOK: DurationMs = (SECOND / 4) as DurationMs;
const SLOWEST_LOOK: DurationMs = (10 * SECOND) as DurationMs;
const SLOWER_BY = 1.6;

/** A look that ends the wait of so many is worth its call: the next one comes sooner, not later. One call for fifty adds 2 % to theirs. */
const WORTH_A_LOOK = 50;

/** Another replica watches, or nothing is being made: this often it is checked that it still is so. */
const IDLE_CHECK: DurationMs = (10 * SECOND) as DurationMs;

/** Of a look that came to nothing. */
const UNKNOWN: Look = { left: 1, settled: 0 };

const LEASE: DurationMs = (18 * SECOND) as DurationMs;

/**
 * Watches the snapshots of one target until all are made. One replica does so for all: the lease saves calls, two at
 * once would only look twice.
 */
export async function runWatch(deps: WatchDeps & { replica: string }, target: string, wake: Wakeable, signal: AbortSignal): Promise<void> {
  const lease = `watch:${target}`;
  let interval: DurationMs = FIRST_LOOK;
  while (!signal.aborted) {
    const mine = (await deps.ledger.watched(target, 1)).length > 0 && (await deps.ledger.acquireLease(lease, deps.replica, LEASE));
    if (!mine) {
      await wake.sleepUntil(deps.clock, addMs(deps.clock.now(), IDLE_CHECK), signal);
      interval = FIRST_LOOK;
      continue;
    }
    await deps.clock.sleepUntil(addMs(deps.clock.now(), interval), signal);
    if (signal.aborted) break;
    const { left, settled } = await look(deps, target, signal);
    interval = nextInterval(interval, left, settled);
    if (left === 0) await deps.ledger.releaseLease(lease, deps.replica);
  }
  await deps.ledger.releaseLease(lease, deps.replica);
}

function nextInterval(interval: DurationMs, left: number, settled: number): DurationMs {
  if (settled >= WORTH_A_LOOK) return Math.max(QUICKEST_LOOK, interval / SLOWER_BY) as DurationMs;
  return left === 0 ? FIRST_LOOK : (Math.min(SLOWEST_LOOK, interval * SLOWER_BY) as DurationMs);
}

/** A cloud that does not answer is no failure of the loop: the next look comes later. */
async function look(deps: WatchDeps, target: string, signal: AbortSignal): Promise<Look> {
  try {
    return await watchSnapshots(deps, target, signal);
  } catch (error) {
    if (signal.aborted) return UNKNOWN;
    if (!(error instanceof CloudFailure)) throw error;
    await deps.clock.sleepUntil(addMs(deps.clock.now(), error.failure.retryAfterMs ?? 0), signal);
    return UNKNOWN;
  }
}
