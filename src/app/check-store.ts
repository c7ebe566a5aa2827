import { judgeStore } from '#domain/redis-fitness';
import type { StoreFacts } from '#domain/redis-fitness';
import type { Telemetry } from './ports/telemetry.ts';

/** The server would lose runs: the service must not start on it. */
export class UnfitStoreError extends Error {
  override readonly name = 'UnfitStoreError';
}

/** Warns of what may lose state one day, and throws UnfitStoreError where it certainly would. */
export function checkStore(telemetry: Telemetry, facts: StoreFacts): void {
  const { refusals, warnings } = judgeStore(facts);
  for (const errorMessage of warnings) telemetry.emit('redis.warning', { errorMessage });
  if (refusals.length > 0) throw new UnfitStoreError(refusals.join('; '));
}
