import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from './telemetry.ts';

/** Follows runs through all processes: one trace for each run, whose id follows from the run's. */
export interface Traces {
  /** Turns events into spans. */
  readonly telemetry: Telemetry;
  /** One step of a worker on the run, with a span of its own: what is told and asked of the cloud within `work` belongs to it. */
  step<T>(runId: string, work: () => Promise<T>): Promise<T>;
  /** As `step` without a span: what is asked of the cloud belongs to the run. */
  within<T>(runId: string, work: () => Promise<T>): Promise<T>;
  /** The trace that an event belongs to: 32 hex digits; null where there is none, or it is not sampled. */
  traceIdOf(fields: EventFields[EventName]): string | null;
  /** Sends what is left, as far as the collector takes it. */
  close(): Promise<void>;
}
