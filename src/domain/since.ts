import { addMs, instant, parseDuration } from './time.ts';
import type { Instant } from './time.ts';

/**
 * Reads an instant as people write it: a duration back from now (`24h`), a day (`2026-11-24`, its start in UTC), or ISO
 * 8601 with a zone (`2026-11-24T02:00:00Z`). Null where the text is none of these.
 */
export function parseSince(text: string, now: Instant): Instant | null {
  const back = parseDuration(text);
  if (back !== null) return addMs(now, -back);
  const at = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isFinite(at) ? instant(at) : null;
}
