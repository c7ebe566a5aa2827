import { DAY, durationMs, type DurationMs, type Instant } from '../time.ts';

/** So many calls in such a window, as the cloud wrote it. */
export interface RateText {
  readonly limit: number;
  readonly window: DurationMs;
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/**
 * Reads a `Retry-After` header: whole or decimal seconds, or an HTTP date measured against `now` (a past one is 0). Null
 * where it is absent or neither. At most a day: a longer one is a mistake of the sender.
 */
export function parseRetryAfter(header: string | null, now: Instant): DurationMs | null {
  const text = header?.trim() ?? '';
  if (/^\d{1,9}(?:\.\d{1,9})?$/.test(text)) return bounded(Number(text) * 1_000);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const at = Date.parse(/GMT$|[+-]\d{4}$/.test(text) ? text : `${text} GMT`);
  return Number.isNaN(at) ? null : bounded(Math.max(0, at - now));
}

/**
 * Reads the limit in a throttling message: `limit:10,time:1 minute` (API gateway, APIGW.0308) and
 * `Threshold: 5 times per 60 seconds` (IAM error codes, IAM.0012). Null where there is none.
 */
export function parseRateText(text: string): RateText | null {
  const gateway = /limit:\s*(\d{1,9}),?\s*time:\s*(\d{1,6})\s*(s|m|h|d)(?:econd|inute|our|ay)/.exec(text);
  if (gateway !== null) return rate(Number(gateway[1]), Number(gateway[2]) * unitMs[gateway[3] as keyof typeof unitMs]);
  const iam = /threshold:\s*(\d{1,9})\s*times?\s*per\s*(\d{1,6})\s*seconds?/i.exec(text);
  return iam === null ? null : rate(Number(iam[1]), Number(iam[2]) * 1_000);
}

function rate(limit: number, windowMs: number): RateText | null {
  return limit > 0 && windowMs > 0 ? { limit, window: bounded(windowMs) } : null;
}

function bounded(ms: number): DurationMs {
  return durationMs(Math.min(Math.ceil(ms), DAY));
}
