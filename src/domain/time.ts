/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z. Never a local time. */
export type Instant = number & { readonly __brand: 'Instant' };

/** A length of time in milliseconds, never negative. */
export type DurationMs = number & { readonly __brand: 'DurationMs' };

export const SECOND = 1_000 as DurationMs;
export const MINUTE = 60_000 as DurationMs;
export const HOUR = 3_600_000 as DurationMs;
export const DAY = 86_400_000 as DurationMs;
export const WEEK = 604_800_000 as DurationMs;

/** Marks epoch milliseconds as an Instant. Throws a RangeError where the number is not finite or outside what a Date holds. */
export function instant(epochMs: number): Instant {
  if (!Number.isFinite(epochMs) || Math.abs(epochMs) > 8.64e15) throw new RangeError(`not an instant: ${epochMs}`);
  return Math.trunc(epochMs) as Instant;
}

/** Marks a number of milliseconds as a duration. Throws a RangeError where it is negative or not finite. */
export function durationMs(ms: number): DurationMs {
  if (!Number.isFinite(ms) || ms < 0) throw new RangeError(`not a duration: ${ms}`);
  return ms as DurationMs;
}

/** The instant `ms` milliseconds after `at` (before it, where `ms` is negative). */
export function addMs(at: Instant, ms: number): Instant {
  return instant(at + ms);
}

/** UTC ISO 8601 to the second, as every due time is written: `2026-11-24T02:00:00Z`. Parts below a second are cut. */
export function isoSeconds(at: Instant): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** UTC ISO 8601 with milliseconds only where there are any. */
export function isoInstant(at: Instant): string {
  return at % 1000 === 0 ? isoSeconds(at) : new Date(at).toISOString();
}

const durationPattern = /^(\d{1,9})(ms|s|m|h|d|w)$/;
const unitMs = { ms: 1, s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: WEEK } as const;

/**
 * Reads `30s`, `15m`, `6h`, `7d`, `2w` (and `500ms`). Null where the text is anything else: a bare number
 * says no unit and is refused.
 */
export function parseDuration(text: string): DurationMs | null {
  const match = durationPattern.exec(text.trim());
  if (match === null) return null;
  const unit = match[2] as keyof typeof unitMs;
  return durationMs(Number(match[1]) * unitMs[unit]);
}

/** The shortest text that `parseDuration` reads back to the same length: 90000 is `90s`, 86400000 is `1d`. */
export function formatDuration(duration: DurationMs): string {
  for (const unit of ['w', 'd', 'h', 'm', 's'] as const) {
    if (duration >= unitMs[unit] && duration % unitMs[unit] === 0) return `${duration / unitMs[unit]}${unit}`;
  }
  return duration === 0 ? '0s' : `${duration}ms`;
}
