import { DAY } from '../time.ts';
import type { Instant } from '../time.ts';
import { remembered } from './remember.ts';

/** A stretch of time over which a zone keeps one offset. Ends are epoch milliseconds, [`start`, `end`). */
export interface OffsetStretch {
  readonly start: number;
  readonly end: number;
  /** Local time minus UTC, in milliseconds; positive east of Greenwich. */
  readonly offset: number;
}

const formats = remembered<Intl.DateTimeFormat>(1_000);

/** Local time minus UTC in milliseconds at an instant. Throws a RangeError for a zone that is not known. */
export function zoneOffsetAt(timezone: string, at: number): number {
  const seconds = Math.floor(at / 1000) * 1000;
  return Date.parse(`${formatOf(timezone).format(seconds).replace(' ', 'T')}Z`) - seconds;
}

/**
 * The offsets of a zone over [`from`, `until`), in order and without holes; the first stretch begins at `from` and the
 * last ends at `until`, whatever the zone does outside. Two changes within 24 hours that undo each other go unseen:
 * no zone has had such in the years a schedule looks at.
 */
export function offsetStretches(timezone: string, from: Instant, until: Instant): readonly OffsetStretch[] {
  const stretches: OffsetStretch[] = [];
  let start: number = from;
  let offset = zoneOffsetAt(timezone, from);
  for (let probe: number = from; probe < until; probe += DAY) {
    const ahead = Math.min(probe + DAY, until);
    const offsetAhead = zoneOffsetAt(timezone, ahead);
    if (offsetAhead === offset) continue;
    const change = changeBetween(timezone, probe, ahead, offset);
    stretches.push({ start, end: change, offset });
    start = change;
    offset = offsetAhead;
  }
  stretches.push({ start, end: until, offset });
  return stretches;
}

/** The first whole second after `low` at which the offset is no longer `offset`. */
export function changeBetween(timezone: string, low: number, high: number, offset: number): number {
  let before = Math.floor(low / 1000);
  let after = Math.ceil(high / 1000);
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (zoneOffsetAt(timezone, middle * 1000) === offset) before = middle;
    else after = middle;
  }
  return after * 1000;
}

/** Swedish writes a date and time as ISO 8601 does, `2026-11-24 02:00:00`. */
function formatOf(timezone: string): Intl.DateTimeFormat {
  return formats(
    timezone,
    () =>
      new Intl.DateTimeFormat('sv-SE', {
        timeZone: timezone,
        calendar: 'gregory',
        numberingSystem: 'latn',
        hourCycle: 'h23',
        year: 'numeric',
        month: '2-digit',
        day: '2-digit',
        hour: '2-digit',
        minute: '2-digit',
        second: '2-digit',
      }),
  );
}
