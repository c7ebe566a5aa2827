import type { Traces } from '#app/ports/traces';
import { readTraceSettings } from '../adapters/telemetry/trace-settings.ts';

/** Failures to send are told this often. */
const TELL_AGAIN_MS = 60_000;

/** Traces as the environment asks for them; null, and nothing of the library loaded, where it does not. Throws TraceSettingsError. */
export async function openTraces(options: {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly onFailed: (error: Error) => void;
}): Promise<Traces | null> {
  const settings = readTraceSettings(options.env);
  if (settings === null) return null;
  const { openTraces: open } = await import('../adapters/telemetry/otel-traces.ts');
  let toldAt = -Infinity;
  return open({
    settings,
    version: options.version,
    onFailed(error) {
      if (performance.now() - toldAt < TELL_AGAIN_MS) return;
      toldAt = performance.now();
      options.onFailed(error);
    },
  });
}
