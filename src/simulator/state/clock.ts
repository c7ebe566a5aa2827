/** Where the simulated cloud reads the time; tests hand in one that they move themselves. */
export interface SimulatorClock {
  /** Milliseconds since the epoch, UTC. */
  now(): number;
}

export const systemClock: SimulatorClock = { now: () => Date.now() };

const microsPerSecond = 1_000_000;

/**
 * A cloud timestamp: UTC, six decimals, no zone letter (EVS API reference, create snapshot; seen on Cinder 21.3.1).
 * @param micros microseconds since the epoch
 */
export function zonelessTimestamp(micros: number): string {
  const fraction = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond;
  const whole = new Date(Math.floor(micros / microsPerSecond) * 1000).toISOString().slice(0, 19);
  return `${whole}.${String(fraction).padStart(6, '0')}`;
}

/** As {@link zonelessTimestamp} but cut to the second, as Cinder's database keeps it: always `.000000`. */
export function zonelessSecond(micros: number): string {
  return zonelessTimestamp(Math.floor(micros / microsPerSecond) * microsPerSecond);
}

/** A token's timestamp: unlike the block storage ones it ends in `Z` (IAM API reference, user token). */
export function zonedTimestamp(ms: number): string {
  return `${zonelessTimestamp(ms * 1000)}Z`;
}

/** The stamp of a signed request, `YYYYMMDDTHHMMSSZ`, in epoch milliseconds; undefined when malformed. */
export function parseSdkDate(text: string): number | undefined {
  const parts = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
