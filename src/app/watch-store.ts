import { SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Ledger } from './ports/ledger.ts';

const EVERY: DurationMs = (10 * SECOND) as DurationMs;

/** Notices within seconds that the store has lost everything, so that runs under way need not wait for the next due time to be found again. */
export async function watchStore(deps: { ledger: Ledger; clock: Clock }, onLost: () => void, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    if (await deps.ledger.markInUse()) onLost();
    await deps.clock.sleepUntil(addMs(deps.clock.now(), EVERY), signal);
  }
}
