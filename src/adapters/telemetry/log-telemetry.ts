import type { Logger } from 'pino';
import type { EventFields, EventName } from '#app/events';
import { EVENTS } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';
import type { Traces } from '#app/ports/traces';
import { isoInstant } from '#domain/time';
import type { Instant } from '#domain/time';

/** Fields that hold an instant: written as UTC ISO 8601. */
const instants: ReadonlySet<string> = new Set(['due', 'first', 'last', 'expiresAt', 'requestedAt', 'plannedAt', 'startsAt']);

/**
 * Writes every event as one JSON line: `event`, its fields, and a sentence that never varies. Null fields are left out.
 * `traces` adds the trace that a run's events belong to.
 */
export function logTelemetry(logger: Logger, traces: Pick<Traces, 'traceIdOf'> | null = null): Telemetry {
  return {
    emit<N extends EventName>(event: N, fields: EventFields[N]): void {
      const { level, message } = EVENTS[event];
      if (!logger.isLevelEnabled(level)) return;
      const line: Record<string, unknown> = { event };
      for (const [name, value] of Object.entries(fields)) {
        if (value === null) continue;
        line[name] = instants.has(name) ? isoInstant(value as Instant) : value;
      }
      const traceId = traces?.traceIdOf(fields) ?? null;
      if (traceId !== null) line['traceId'] = traceId;
      logger[level](line, message);
    },
  };
}
