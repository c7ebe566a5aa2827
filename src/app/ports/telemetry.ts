import type { EventFields, EventName } from '#app/events';

/** Where everything worth knowing goes: log lines and metrics both hang here. Never throws, never blocks. */
export interface Telemetry {
  emit<N extends EventName>(event: N, fields: EventFields[N]): void;
}
