import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from './telemetry.ts';

/** Follows runs through all processes: one trace for each run, whose id follows from the run's. */
export interface Traces {
  /** Turns events into spans. */
  readonly telemetry: Telemetry;
  /** What is told and asked of the cloud within `work` belongs to this run. */
  step<T>(runId: string, work: () => Promise<T>): Promise<T>;
  /** The trace that an event belongs to: 32 hex digits; null where there is none, or it is not sampled. */
  traceIdOf(fields: EventFields[EventName]): string | null;
  /** Sends what is left, as far as the collector takes it. */
  close(): Promise<void>;
}
