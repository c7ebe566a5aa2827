import { remembered } from '../schedule/remember.ts';
import { changeBetween, zoneOffsetAt } from '../schedule/zone-offsets.ts';
import { DAY } from '../time.ts';

/** Local time minus UTC in milliseconds at an instant; positive east of Greenwich. */
export type OffsetAt = (at: number) => number;

/** One UTC day of a zone: `before` holds until `change` (exclusive), `after` from then on. */
interface ZoneDay {
  readonly before: number;
  readonly change: number;
  readonly after: number;
}

/** No snapshot is from outside these years: the offset at the nearer end counts there, as the platform writes such dates in other ways. */
const EARLIEST = Date.UTC(1970, 0, 1);
const LATEST = Date.UTC(9999, 0, 1);

const zones = remembered<OffsetAt>(100);

/** Of one zone: 27 years, far more than a policy keeps. */
const DAYS_HELD = 10_000;

/**
 * The offsets of an IANA zone. What the platform says is remembered by the day, since asking it costs more than all the
 * rest of a decision. Like `offsetStretches`, it takes a zone to change at most once within a day. Throws a RangeError
 * for a zone that is not known, at the first instant asked for.
 */
export function offsetsOf(timezone: string): OffsetAt {
  return zones(timezone, () => {
    const days = new Map<number, ZoneDay>();
    return (at) => {
      const within = Math.min(Math.max(at, EARLIEST), LATEST);
      const number = Math.floor(within / DAY);
      let day = days.get(number);
      if (day === undefined) {
        day = zoneDay(timezone, number * DAY);
        if (days.size >= DAYS_HELD) days.clear();
        days.set(number, day);
      }
      return within < day.change ? day.before : day.after;
    };
  });
}

function zoneDay(timezone: string, start: number): ZoneDay {
  const end = start + DAY;
  const before = zoneOffsetAt(timezone, start);
  const after = zoneOffsetAt(timezone, end);
  return { before, change: before === after ? end : changeBetween(timezone, start, end, before), after };
}
