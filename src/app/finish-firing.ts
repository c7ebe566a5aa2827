import type { Clock } from './ports/clock.ts';
import type { FiringRecord } from './ports/ledger.ts';
import type { Telemetry } from './ports/telemetry.ts';

/** Says once that all runs of a firing have ended, and how. */
export function finishedFiring(deps: { clock: Clock; telemetry: Telemetry }, firing: FiringRecord): void {
  deps.telemetry.emit('firing.finished', {
    policy: firing.policy,
    target: firing.target,
    due: firing.due,
    trigger: firing.trigger,
    runs: firing.counts,
    durationMs: Math.max(0, (firing.finishedAt ?? deps.clock.now()) - firing.due),
  });
}
