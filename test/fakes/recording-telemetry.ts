import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';

export type RecordedEvent = { readonly [N in EventName]: { readonly event: N; readonly fields: EventFields[N] } }[EventName];

/** Keeps every event in order. */
export class RecordingTelemetry implements Telemetry {
  readonly events: RecordedEvent[] = [];
  readonly #listeners = new Set<() => void>();

  emit<N extends EventName>(event: N, fields: EventFields[N]): void {
    this.events.push({ event, fields } as RecordedEvent);
    for (const tell of this.#listeners) tell();
  }

  names(): EventName[] {
    return this.events.map(({ event }) => event);
  }

  of<N extends EventName>(event: N): EventFields[N][] {
    return this.events.filter((each) => each.event === event).map(({ fields }) => fields as EventFields[N]);
  }

  count(event: EventName): number {
    return this.of(event).length;
  }

  /** Resolves once `accept` holds, asked again at every event; throws at the deadline with what was told so far. */
  async until(accept: (telemetry: this) => boolean, what: string, timeoutMs = 15_000): Promise<void> {
    if (accept(this)) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const tell = (): void => {
      if (accept(this)) resolve();
    };
    this.#listeners.add(tell);
    const timer = setTimeout(() => {
      const last = this.events.slice(-10).map((each) => JSON.stringify(each));
      reject(new Error(`waited ${timeoutMs} ms for ${what}; the last of ${this.events.length} events:\n${last.join('\n')}`));
    }, timeoutMs);
    try {
      await promise;
    } finally {
      clearTimeout(timer);
      this.#listeners.delete(tell);
    }
  }
}
