import type { Logger } from 'pino';
import type { EventFields, EventName } from '#app/events';
import { EVENTS } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';
import { isoInstant } from '#domain/time';
import type { Instant } from '#domain/time';

/** Fields that hold an instant: written as UTC ISO 8601. */
const instants: ReadonlySet<string> = new Set(['due', 'first', 'last', 'expiresAt']);

/** Writes every event as one JSON line: `event`, its fields, and a sentence that never varies. Null fields are left out. */
export function logTelemetry(logger: Logger): Telemetry {
  return {
    emit<N extends EventName>(event: N, fields: EventFields[N]): void {
      const { level, message } = EVENTS[event];
      if (!logger.isLevelEnabled(level)) return;
      const line: Record<string, unknown> = { event };
      for (const [name, value] of Object.entries(fields)) {
        if (value === null) continue;
        line[name] = instants.has(name) ? isoInstant(value as Instant) : value;
      }
      logger[level](line, message);
    },
  };
}
