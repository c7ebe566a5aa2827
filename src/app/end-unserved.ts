import { DAY, addMs } from '#domain/time';
import { endRun } from './end-run.ts';
import type { EndRunDeps } from './end-run.ts';
import type { FiringRecord } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import { skipped } from './run-in-hand.ts';

/**
 * Ends the runs of a firing whose target is not in the files, a day after it was planned: a process that was there when the
 * target went finishes what it can, and no process started since knows where the target is. What has not asked the cloud
 * for a snapshot is skipped; of the others nobody can tell.
 */
export async function endUnserved(deps: EndRunDeps & { readonly policies: Policies }, firing: FiringRecord): Promise<void> {
  if (deps.policies.target(firing.target) !== null || deps.clock.now() < addMs(firing.plannedAt, DAY)) return;
  for await (const page of deps.ledger.runsOfFiring(firing.id)) {
    for (const { run, revision } of page) {
      if (run.outcome !== 'pending') continue;
      if (run.phase === 'queued') await endRun(deps, firing, run, revision, 'skipped', skipped('the target is gone'));
      else await endRun(deps, firing, run, revision, 'abandoned', { kind: 'unknown', httpStatus: null, code: 'target_gone', message: `target ${firing.target} is gone, so nobody can look what became of the snapshot`, requestId: null });
    }
  }
}
