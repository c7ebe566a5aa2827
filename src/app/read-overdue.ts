import { runIdIn } from '#domain/naming/run-id';
import type { Policy } from '#domain/policy';
import { lagSeconds } from '#domain/rpo-lag';
import type { Instant } from '#domain/time';
import type { FiringRecord, Ledger, Protection } from './ports/ledger.ts';
import { UnreadableRecordError } from './ports/unreadable-record.ts';
import type { OverdueVolume } from './views/status-view.ts';

type OverdueDeps = { readonly ledger: Pick<Ledger, 'run'> };

/** The volumes of a policy whose lag is over its objective, the worst first, each with the reason as far as it is known. `last` is the newest firing. */
export async function readOverdue(deps: OverdueDeps, policy: Policy, protections: readonly Protection[], last: FiringRecord | null, now: Instant): Promise<readonly OverdueVolume[]> {
  const lags = protections.map((protection) => ({ protection, lag: lagSeconds(protection, now) }));
  const overdue = lags.filter(({ lag }) => lag * 1000 > policy.rpo).toSorted((a, b) => b.lag - a.lag);
  return Promise.all(overdue.map(({ protection, lag }) => overdueVolume(deps, protection, lag, last)));
}

async function overdueVolume(deps: OverdueDeps, { volumeId, lastGoodAt }: Protection, lag: number, last: FiringRecord | null): Promise<OverdueVolume> {
  const never = lastGoodAt === null ? 'no good snapshot yet' : 'the newest good snapshot is too old';
  const found = last === null ? null : await runOrUnreadable(deps, runIdIn(last.id, volumeId));
  if (found === 'unreadable') return { id: volumeId, name: null, rpoLagSeconds: lag, reason: `${never}; the record of its last run cannot be read` };
  const run = found?.run;
  let reason = never;
  if (run !== undefined && run.failure !== null && run.outcome !== 'available') reason = `${never}; last run ${run.outcome}: ${run.failure.message}`;
  else if (run?.outcome === 'pending') reason = `${never}; a run is under way`;
  return { id: volumeId, name: run?.volumeName ?? null, rpoLagSeconds: lag, reason };
}

/** One broken record must not hide the state of everything else. */
async function runOrUnreadable({ ledger }: OverdueDeps, runId: string): Promise<Awaited<ReturnType<Ledger['run']>> | 'unreadable'> {
  try {
    return await ledger.run(runId);
  } catch (error) {
    if (error instanceof UnreadableRecordError) return 'unreadable';
    throw error;
  }
}
