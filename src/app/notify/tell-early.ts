import { failedRuns } from '#domain/notification/run-failed';
import { MINUTE, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { failureJobs } from './tell-ended.ts';
import type { NotifyDeps } from './notify-deps.ts';

/** A firing may go on for hours after its first failure, up to the policy's deadline: nobody is left in the dark that long. */
const PATIENCE: DurationMs = (10 * MINUTE) as DurationMs;
const EVERY: DurationMs = MINUTE;

/**
 * Tells of failed runs of firings that are still under way ten minutes after a failure was first seen, once; their end is
 * told as that of any other. When a failure was first seen is known to this process alone: who takes over begins to
 * count anew, which delays the notice and loses none.
 */
export class EarlyTeller {
  readonly #deps: NotifyDeps;
  #firstSeen = new Map<string, { readonly at: Instant; isTold: boolean }>();
  #nextLook = 0;

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  async look(now: Instant): Promise<void> {
    if (now < this.#nextLook) return;
    const failing = (await this.#deps.ledger.openFirings()).filter(({ total, counts }) => total !== null && failedRuns(counts) > 0);
    const seen = new Map(failing.map(({ id }) => [id, this.#firstSeen.get(id) ?? { at: now, isTold: false }]));
    for (const firing of failing) {
      const known = seen.get(firing.id);
      if (known === undefined || known.isTold || now - known.at < PATIENCE) continue;
      const jobs = await failureJobs(this.#deps, firing, now);
      if (jobs.length > 0) await this.#deps.queue.enqueue(jobs);
      known.isTold = true;
    }
    this.#firstSeen = seen;
    this.#nextLook = addMs(now, EVERY);
  }
}
