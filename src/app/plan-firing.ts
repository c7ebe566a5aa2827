import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import { spreadOffset } from '#domain/naming/spread';
import { spreadAt } from '#domain/schedule/spread-at';
import type { Policy } from '#domain/policy';
import { newRun, withAttempt } from '#domain/run';
import type { Run, Trigger } from '#domain/run';
import type { Snapshot } from '#domain/snapshot';
import { addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { endRun } from './end-run.ts';
import { finishedFiring } from './finish-firing.ts';
import { listCoveredVolumes } from './list-volumes.ts';
import type { CoveredVolume } from './list-volumes.ts';
import type { Clock } from './ports/clock.ts';
import type { Clouds } from './ports/clouds.ts';
import type { FiringRecord, Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { RunQueue } from './ports/run-queue.ts';
import { runFields } from './run-in-hand.ts';
import type { Telemetry } from './ports/telemetry.ts';

export interface PlanDeps {
  readonly ledger: Ledger;
  readonly queue: RunQueue;
  readonly policies: Policies;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

export interface PlanRequest {
  readonly due: Instant;
  readonly trigger: Trigger;
  /** Only these volumes of the policy. One that it does not cover gets a run that failed and says so. */
  readonly only?: ReadonlySet<string>;
  /**
   * The firing was begun before and its record was lost: snapshots that exist of it, by run id, oldest first. Their runs
   * take them over; the others look in the cloud before they ask for a snapshot.
   */
  readonly made?: ReadonlyMap<string, readonly Snapshot[]>;
  /** The due time has been told already. */
  readonly isTold?: boolean;
  readonly signal: AbortSignal;
}

/** Of a run that was just recorded. */
const FIRST_REVISION = 1;

/** Runs recorded and queued in one step: large enough to be cheap, small enough not to hold Redis for long. */
const CHUNK = 500;

/**
 * Turns a due time into queued runs, one for each volume the policy covers now. Safe to repeat after being cut off
 * anywhere, and to be done by two at once: ids follow from policy, volume and due time, a run that is recorded is not
 * recorded again, and a firing that is closed is returned as it stands.
 */
export async function planFiring(
  deps: PlanDeps,
  policy: Policy,
  request: PlanRequest,
): Promise<FiringRecord> {
  const { due, trigger, signal } = request;
  const now = deps.clock.now();
  const id = firingIdOf(deps.policies.current().instance, policy.name, due);
  const firing = { id, policy: policy.name, target: policy.target, due, trigger, plannedAt: now, storeId: await deps.ledger.storeId() };
  const opened = await deps.ledger.openFiring(firing);
  if (opened.total !== null) return opened;
  const of = { policy: policy.name, target: policy.target, due };
  // Planned again after something stood in the way, it is the same due time: told once.
  if (opened.plannedAt === now && request.isTold !== true) deps.telemetry.emit('policy.due', { ...of, trigger: opened.trigger, lagMs: Math.max(0, now - due) });

  const volumes = await listCoveredVolumes(deps.clouds.of(opened.target), policy.volumes, { signal, priority: 'create' });
  const wanted = request.only === undefined ? volumes : volumes.filter((volume) => request.only?.has(volume.id));
  if (request.only === undefined) await deps.ledger.setCovered(policy.name, volumes.map((volume) => volume.id), now);
  for (let from = 0; from < wanted.length; from += CHUNK) {
    signal.throwIfAborted();
    const chunk = wanted.slice(from, from + CHUNK);
    if (request.made === undefined) await queueChunk(deps, opened, chunk, spreadAt(policy.schedule, opened));
    else await takeUpChunk(deps, opened, chunk, request.made);
  }

  for (const volumeId of request.only ?? []) if (!volumes.some((volume) => volume.id === volumeId)) await refuseVolume(deps, opened, volumeId);

  const closed = await deps.ledger.closeFiring(opened);
  deps.telemetry.emit('firing.planned', { ...of, trigger: opened.trigger, volumes: closed.total ?? 0, lagMs: Math.max(0, deps.clock.now() - due) });
  if (closed.finishedAt !== null) finishedFiring(deps, closed);
  return closed;
}

/** Asked for by name, never silently left out. */
async function refuseVolume(deps: PlanDeps, firing: FiringRecord, volumeId: string): Promise<void> {
  const run = newRun(runIdIn(firing.id, volumeId), { id: volumeId, name: null, named: true });
  await deps.ledger.addRuns(firing, [run]);
  const message = `policy ${firing.policy} does not cover this volume`;
  await endRun(deps, firing, run, FIRST_REVISION, 'failed', { kind: 'not_found', httpStatus: null, code: 'not_covered', message, requestId: null });
}

/** Recorded before queued: a run id that a worker is handed always has a record. */
async function queueChunk(deps: PlanDeps, firing: FiringRecord, volumes: readonly CoveredVolume[], spread: DurationMs): Promise<void> {
  const runs = volumes.map((volume) => newRun(runIdIn(firing.id, volume.id), volume));
  await deps.ledger.addRuns(firing, runs);
  const startsAt = (run: Run): Instant => addMs(firing.due, spreadOffset(run.volumeId, spread));
  await deps.queue.enqueue(firing.target, runs.map((run) => ({ runId: run.id, at: startsAt(run) })));
  for (const run of runs) deps.telemetry.emit('run.queued', { ...runFields(firing, run), plannedAt: firing.plannedAt, startsAt: startsAt(run) });
}

/** As queueChunk for a firing that was begun before: a run whose snapshot exists waits for it, the others look first. */
async function takeUpChunk(
  deps: PlanDeps,
  firing: FiringRecord,
  volumes: readonly CoveredVolume[],
  made: ReadonlyMap<string, readonly Snapshot[]>,
): Promise<void> {
  const at = deps.clock.now();
  const runs = volumes.map((volume): Run => ({ ...newRun(runIdIn(firing.id, volume.id), volume), phase: 'requesting', requestedAt: at }));
  await deps.ledger.addRuns(firing, runs);
  const open: string[] = [];
  for (const run of runs) {
    const snapshot = made.get(run.id)?.find(({ status }) => status === 'available' || status === 'creating');
    if (snapshot === undefined) {
      open.push(run.id);
      continue;
    }
    const adopted = withAttempt(run, { at, result: 'adopted', httpStatus: null, code: null, message: null, requestId: null });
    // Null: the run is recorded already and has come further.
    await deps.ledger.saveRun(firing, { ...adopted, phase: 'creating', snapshotId: snapshot.id, snapshotName: snapshot.name, adopted: true }, FIRST_REVISION);
  }
  if (open.length > 0) await deps.queue.enqueue(firing.target, open.map((runId) => ({ runId, at })));
}
