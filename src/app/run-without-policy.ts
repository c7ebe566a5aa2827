import type { Policy } from '#domain/policy';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { endRun } from './end-run.ts';
import { isGone } from './gone-policy.ts';
import { lookForSnapshot } from './look-for-snapshot.ts';
import type { RunStep } from './ports/run-queue.ts';
import { DONE, again, skipped } from './run-in-hand.ts';
import type { ExecuteDeps } from './run-in-hand.ts';
import { holdVolume } from './volume-turn.ts';
import type { WatchedRun } from './watched-run.ts';

/** The policy's own rules are gone with it. No further try; and longer than a cloud takes to commit a call that was cut off. */
const retry: Pick<Policy['retry'], 'attempts' | 'grace'> = { attempts: 0, grace: (2 * MINUTE) as DurationMs };

/** How soon to look again whether a policy that this replica has not read of is in force now. */
const ASK_AGAIN: DurationMs = (2 * SECOND) as DurationMs;

/** So long after the create call a cloud that does not list its snapshots makes the run an abandoned one, still looked for. */
const LOOK_FOR: DurationMs = HOUR;

/**
 * A run whose policy is not in force here. It waits where the policy may just be new. Where it has been taken out of the
 * files: one that has not asked the cloud for a snapshot ends as skipped, or
 * as failed where an earlier try failed. One whose create call may have been sent is finished: its snapshot is looked for
 * and taken over where there is one, so that none is made that no record knows.
 */
export async function executeWithoutPolicy(deps: ExecuteDeps, found: WatchedRun, signal: AbortSignal): Promise<RunStep> {
  const { run, revision, firing } = found;
  if (!isGone(deps, firing)) return again(deps, ASK_AGAIN);
  if (run.phase === 'queued') {
    if (run.failure === null) await endRun(deps, firing, run, revision, 'skipped', skipped('the policy is gone'));
    else await endRun(deps, firing, run, revision, 'failed', run.failure);
    return DONE;
  }
  const turn = await holdVolume(deps, found);
  if (turn !== null) return turn;
  const late = deps.clock.now() > addMs(run.requestedAt ?? firing.plannedAt, LOOK_FOR);
  return (await lookForSnapshot(deps, { ...found, retry }, late, signal)) ?? DONE;
}
