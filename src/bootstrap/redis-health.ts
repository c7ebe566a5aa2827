import type { Clock } from '#app/ports/clock';
import type { Telemetry } from '#app/ports/telemetry';
import type { Instant } from '#domain/time';
import type { RedisClient } from '../adapters/redis/connect.ts';

/** An outage that lasts is told again this often, and not for every refused command. */
const TELL_AGAIN_MS = 60_000;

/** Follows whether Redis answers, and tells the start and the end of each outage once. */
export class RedisHealth {
  readonly #deps: { clock: Clock; telemetry: Telemetry };
  #outageSince: Instant | null = null;
  #toldAt = 0;

  constructor(deps: { clock: Clock; telemetry: Telemetry }) {
    this.#deps = deps;
  }

  follow(client: RedisClient): void {
    client.on('error', (error: Error) => this.failed(error));
    client.on('ready', () => this.#recovered());
  }

  /** Also for errors that the queue library reports. */
  failed(error: Error): void {
    const now = this.#deps.clock.now();
    this.#outageSince ??= now;
    if (now - this.#toldAt < TELL_AGAIN_MS) return;
    this.#toldAt = now;
    this.#deps.telemetry.emit('redis.unavailable', { errorMessage: describe(error) });
  }

  #recovered(): void {
    const since = this.#outageSince;
    if (since === null) return;
    this.#outageSince = null;
    this.#toldAt = 0;
    this.#deps.telemetry.emit('redis.available', { outageMs: this.#deps.clock.now() - since });
  }
}

/** A refused connection to a name with several addresses is an AggregateError without a message of its own. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map((each: unknown) => (each instanceof Error ? each.message : String(each))).join('; ');
  return error.message === '' ? error.name : error.message;
}
