import { Counter, Histogram } from 'prom-client';
import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';
import type { MetricsRegistry } from './registry.ts';

/** Seconds from due time to a good snapshot: a legacy snapshot takes seconds, a full one of a large volume hours. */
const RUN_BUCKETS = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 14_400];
const LAG_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400];
const CALL_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

type Handlers = { readonly [N in EventName]?: (fields: EventFields[N]) => void };

/** Counts what happens. The events carry everything; no metric has a source of its own beside them. */
export function metricsTelemetry(registry: MetricsRegistry): Telemetry {
  const registers = [registry];
  const runs = new Counter({ name: 'snapkeep_runs_total', help: 'Runs that ended, by outcome', labelNames: ['target', 'policy', 'outcome'], registers });
  const runSeconds = new Histogram({ name: 'snapkeep_run_duration_seconds', help: 'Due time to available', labelNames: ['target', 'policy'], buckets: RUN_BUCKETS, registers });
  const lag = new Histogram({ name: 'snapkeep_schedule_lag_seconds', help: 'Due time to all runs queued', labelNames: ['policy'], buckets: LAG_BUCKETS, registers });
  const dueTimes = new Counter({ name: 'snapkeep_due_times_total', help: 'Due times by what became of them', labelNames: ['policy', 'result'], registers });
  const retries = new Counter({ name: 'snapkeep_retries_total', help: 'Tries planned after a failed one', labelNames: ['target', 'policy', 'kind'], registers });
  const failures = new Counter({ name: 'snapkeep_failures_total', help: 'Failed tries, throttled ones too', labelNames: ['target', 'policy', 'kind', 'status', 'code'], registers });
  const calls = new Counter({ name: 'snapkeep_api_requests_total', help: 'Calls to the cloud by answer', labelNames: ['target', 'operation', 'status', 'code'], registers });
  const callSeconds = new Histogram({ name: 'snapkeep_api_request_duration_seconds', help: 'Time to the answer of the cloud', labelNames: ['target', 'operation'], buckets: CALL_BUCKETS, registers });
  const adopted = new Counter({ name: 'snapkeep_snapshots_adopted_total', help: 'Snapshots of an earlier try that were taken over', labelNames: ['target', 'policy'], registers });
  const duplicates = new Counter({ name: 'snapkeep_snapshots_duplicate_total', help: 'Second snapshots of a run that were deleted', labelNames: ['target', 'policy'], registers });
  const pruned = new Counter({ name: 'snapkeep_pruned_total', help: 'Snapshots deleted by retention, deletes that failed, prunes that the brake stopped', labelNames: ['target', 'policy', 'outcome'], registers });

  function countFailure({ target, policy, kind, httpStatus, errorCode }: EventFields['policy.start_failed']): void {
    failures.inc({ target, policy, kind, status: httpStatus === null ? 'none' : String(httpStatus), code: errorCode ?? 'none' });
  }

  const handlers: Handlers = {
    'run.ended': ({ target, policy, outcome, durationMs }) => {
      runs.inc({ target, policy, outcome });
      if (outcome === 'available') runSeconds.observe({ target, policy }, durationMs / 1000);
    },
    'firing.planned': ({ policy, trigger, lagMs }) => {
      // What somebody asked for was not due by any schedule.
      if (trigger === 'manual') return;
      lag.observe({ policy }, lagMs / 1000);
      dueTimes.inc({ policy, result: trigger === 'catch-up' ? 'caught_up' : 'fired' });
    },
    'policy.missed': ({ policy, count, result }) => dueTimes.inc({ policy, result }, count),
    'run.retry': ({ target, policy, kind }) => retries.inc({ target, policy, kind }),
    'run.attempt_failed': countFailure,
    'firing.plan_failed': countFailure,
    'policy.start_failed': countFailure,
    'snapshot.adopted': ({ target, policy }) => adopted.inc({ target, policy }),
    'snapshot.duplicate': ({ target, policy }) => duplicates.inc({ target, policy }),
    'prune.deleted': ({ target, policy }) => pruned.inc({ target, policy, outcome: 'deleted' }),
    'prune.failed': ({ target, policy }) => pruned.inc({ target, policy, outcome: 'failed' }),
    'prune.braked': ({ target, policy }) => pruned.inc({ target, policy, outcome: 'braked' }),
    'api.called': ({ target, operation, httpStatus, errorCode, durationMs }) => {
      calls.inc({ target, operation, status: httpStatus === null ? 'none' : String(httpStatus), code: errorCode ?? 'none' });
      callSeconds.observe({ target, operation }, durationMs / 1000);
    },
  };
  return {
    emit<N extends EventName>(event: N, fields: EventFields[N]): void {
      (handlers as { [E in EventName]?: (fields: EventFields[E]) => void })[event]?.(fields);
    },
  };
}
