import { failedRuns, runFailedNotice } from '#domain/notification/run-failed';
import { receiversOf } from '#domain/notification/receivers';
import type { Run } from '#domain/run';
import { DAY, MINUTE, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { FiringRecord } from '../ports/ledger.ts';
import type { NoticeJob } from '../ports/notice-queue.ts';
import { heartbeatJob, noticeJobs } from './notice-jobs.ts';
import type { NotifyDeps } from './notify-deps.ts';

/** Firings read and told in one step. */
const STEP = 100;

/** Who begins to tell tells of firings that ended this shortly before, and not of what ended before anybody was to be told. */
const FRESH: DurationMs = (5 * MINUTE) as DurationMs;

/** Where nobody told for longer, as with all replicas down over the weekend, what is older is history. */
const OLDEST: DurationMs = DAY;

/**
 * Queues what is to be said of every firing that has ended and was not dealt with: one notice for all its failed runs, or
 * the heartbeat of a policy whose runs are all good. A firing is forgotten only after its calls are queued, under ids that
 * follow from the firing: who is cut off in between leaves it to the next, and nothing is queued twice. Returns the
 * policies whose firings these were.
 */
export async function tellEnded(deps: NotifyDeps, now: Instant, signal: AbortSignal): Promise<ReadonlySet<string>> {
  const policies = new Set<string>();
  while (!signal.aborted) {
    const ids = await deps.ledger.endedFirings(STEP);
    if (ids.length === 0) break;
    const from = Math.max(await deps.board.since(addMs(now, -FRESH)), now - OLDEST);
    const firings = (await Promise.all(ids.map((id) => deps.ledger.firing(id)))).filter((firing) => firing !== null);
    for (const firing of firings) {
      policies.add(firing.policy);
      if ((firing.finishedAt ?? 0) < from) continue;
      const jobs = await jobsOf(deps, firing);
      if (jobs.length > 0) await deps.queue.enqueue(jobs);
    }
    await deps.ledger.forgetEnded(ids);
    if (ids.length < STEP) break;
  }
  return policies;
}

async function jobsOf(deps: NotifyDeps, firing: FiringRecord): Promise<readonly NoticeJob[]> {
  if (failedRuns(firing.counts) > 0) return failureJobs(deps, firing, firing.finishedAt ?? deps.clock.now());
  const isGood = firing.counts.available > 0 && firing.counts.available === firing.total;
  if (!isGood || !deps.policies.policy(firing.policy)?.heartbeat) return [];
  return [heartbeatJob(deps.policies.current().instance, firing)];
}

/** The calls about the failed runs of a firing, as they stand; none where nobody wants to know. */
export async function failureJobs(deps: NotifyDeps, firing: FiringRecord, at: Instant): Promise<readonly NoticeJob[]> {
  const { instance, notifications } = deps.policies.current();
  if (receiversOf(notifications, 'run.failed', firing.policy).length === 0) return [];
  return noticeJobs(notifications, runFailedNotice(instance, firing, await failedRunsOf(deps, firing), at));
}

/** One that cannot be read is left out: the numbers of the firing stand, and nobody waits for ever. */
async function failedRunsOf({ ledger, telemetry }: NotifyDeps, { id, policy, target, due }: FiringRecord): Promise<readonly Run[]> {
  const found: Run[] = [];
  const tell = ({ message }: Error): void => telemetry.emit('record.unreadable', { policy, target, due, errorMessage: message });
  for await (const page of ledger.runsOfFiring(id, tell)) {
    for (const { run } of page) if (run.outcome === 'failed' || run.outcome === 'abandoned') found.push(run);
  }
  return found;
}
