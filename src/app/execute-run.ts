import { spreadOffset } from '#domain/naming/spread';
import { spreadAt } from '#domain/schedule/spread-at';
import type { Policy } from '#domain/policy';
import type { Firing, Run } from '#domain/run';
import { addMs } from '#domain/time';
import type { Instant } from '#domain/time';
import { endRun } from './end-run.ts';
import { lookForSnapshot } from './look-for-snapshot.ts';
import type { RunStep } from './ports/run-queue.ts';
import { requestSnapshot } from './request-snapshot.ts';
import { DONE, skipped } from './run-in-hand.ts';
import type { ExecuteDeps, RunInHand } from './run-in-hand.ts';
import { executeWithoutPolicy } from './run-without-policy.ts';
import { checkVolume, holdVolume } from './volume-turn.ts';
import type { WatchedRun } from './watched-run.ts';

/**
 * Takes a run as far as it goes without waiting: to a snapshot that the cloud is making, to its end, or to the next
 * time it has to be looked at. Safe to repeat and to be cut off at any point: before each call to the cloud the record
 * says what is about to happen, and a record changed by somebody else stops this worker.
 *
 * The order is the promise. Before a create call the record says `requesting`; a worker that finds it so does not know
 * what the last one achieved, and looks for the snapshot before it asks for one.
 */
export async function executeRun(deps: ExecuteDeps, runId: string, signal: AbortSignal): Promise<RunStep> {
  const found = await deps.ledger.run(runId);
  if (found === null || found.run.phase === 'ended' || found.run.phase === 'creating') return DONE;
  const { firing } = found;
  const known = await asFarAsKnown(deps, found);
  if (known === null) return DONE;
  const policy = deps.policies.policy(firing.policy);
  if (policy === null) return executeWithoutPolicy(deps, known, signal);
  const inHand: RunInHand = { ...known, policy };

  const late = deps.clock.now() > deadlineOf(firing, policy, found.run.volumeId);
  const turn = await holdVolume(deps, inHand);
  // Nothing of this run can be under way in the cloud: it need not go on waiting for its turn.
  if (turn?.kind === 'again' && late && inHand.run.phase === 'queued') return tooLate(deps, inHand);
  if (turn !== null) return turn;

  if (inHand.run.phase === 'requesting') {
    const look = await lookForSnapshot(deps, { ...inHand, retry: policy.retry }, late, signal);
    if (look !== null) return look;
  }
  if (late) return tooLate(deps, inHand);
  const busy = await checkVolume(deps, inHand, signal);
  if (busy !== null) return busy;
  return requestSnapshot(deps, inHand, signal);
}

/**
 * A record that says `queued` in another process of the store than the one it was written in may have lost its last word:
 * a create call may have been sent. Then it says so from now on. Null where somebody else has changed it.
 */
async function asFarAsKnown(deps: ExecuteDeps, known: WatchedRun): Promise<WatchedRun | null> {
  const { run, revision, firing } = known;
  if (run.phase !== 'queued' || firing.storeId === undefined || firing.storeId === (await deps.ledger.storeId())) return known;
  const suspect: Run = { ...run, phase: 'requesting', requestedAt: deps.clock.now() };
  const saved = await deps.ledger.saveRun(firing, suspect, revision);
  return saved === null ? null : { ...known, run: suspect, revision: saved };
}

/** The last instant at which a run may still be tried. A caught-up run counts from when it was planned. */
export function deadlineOf(firing: Firing, policy: Policy, volumeId: string): Instant {
  const start = Math.max(firing.due + spreadOffset(volumeId, spreadAt(policy.schedule, firing)), firing.plannedAt) as Instant;
  return addMs(start, policy.retry.deadline);
}

async function tooLate(deps: ExecuteDeps, { run, revision, firing }: RunInHand): Promise<RunStep> {
  if (run.failure === null) await endRun(deps, firing, run, revision, 'skipped', skipped('too late: the deadline passed before the run could start'));
  else await endRun(deps, firing, run, revision, 'failed', run.failure);
  return DONE;
}
