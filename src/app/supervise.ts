import { SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Telemetry } from './ports/telemetry.ts';

const RESTART_FIRST: DurationMs = SECOND;
const RESTART_MAX: DurationMs = (30 * SECOND) as DurationMs;

/** A loop that lived this long before it failed starts its delays anew. */
const STEADY_AFTER = 60_000;

/**
 * Keeps an inner loop alive until the signal: one that throws, or ends although nobody told it to, is started again
 * after a growing delay. Its failure is told, and never ends the process.
 */
export async function supervise(
  deps: { clock: Clock; telemetry: Telemetry },
  loop: string,
  run: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let delay: DurationMs = RESTART_FIRST;
  while (!signal.aborted) {
    const startedAt = deps.clock.now();
    let errorMessage = 'the loop ended by itself';
    try {
      await run(signal);
    } catch (error) {
      errorMessage = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    if (deps.clock.now() - startedAt > STEADY_AFTER) delay = RESTART_FIRST;
    deps.telemetry.emit('loop.failed', { loop, errorMessage, restartMs: delay });
    await deps.clock.sleepUntil(addMs(deps.clock.now(), delay), signal);
    delay = Math.min(RESTART_MAX, delay * 2) as DurationMs;
  }
}
