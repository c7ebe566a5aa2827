import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';

/** Tells every event to all of them. */
export function fanOut(parts: readonly Telemetry[]): Telemetry {
  return {
    emit<N extends EventName>(event: N, fields: EventFields[N]): void {
      for (const part of parts) part.emit(event, fields);
    },
  };
}
