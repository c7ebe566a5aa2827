import type { RetentionRules } from '#domain/policy';
import type { Instant } from '#domain/time';

/**
 * The same rules worked out another way, to compare with: for each snapshot alone, by counting the newer ones that
 * stand in its way, with the names that the platform's own calendar gives. Quadratic, and blind to runs and holds: `dues` are the
 * distinct due times of good snapshots, in any order. Gives the reasons of each in the order given.
 */
export function secondOpinion(dues: readonly Instant[], rules: RetentionRules, timezone: string): readonly (readonly string[])[] {
  const named = dues.map((due) => ({ due, names: namesOf(due, timezone) }));
  return named.map(({ due, names }) => {
    const newer = named.filter((other) => other.due > due);
    const reasons: string[] = [];
    if (newer.length < rules.last) reasons.push('last');
    for (const period of ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const) {
      const before = new Set(newer.map((other) => other.names[period]));
      if (!before.has(names[period]) && before.size < rules[period]) reasons.push(`${period} ${names[period]}`);
    }
    if (rules.within > 0 && !newer.some((other) => other.due - due > rules.within)) reasons.push('within');
    if (newer.length === 0) reasons.push('newest good');
    return reasons;
  });
}

interface Names {
  readonly hourly: string;
  readonly daily: string;
  readonly weekly: string;
  readonly monthly: string;
  readonly yearly: string;
}

const known = new Map<string, Names>();

function namesOf(due: number, timezone: string): Names {
  const key = `${timezone} ${due}`;
  const names = known.get(key) ?? workOut(due, timezone);
  known.set(key, names);
  return names;
}

function workOut(due: number, timezone: string): Names {
  const { hour, offset } = wallClock(due, timezone);
  const day = hour.slice(0, 10);
  return { hourly: isAmbiguous(due, timezone) ? `${hour}${offset}` : hour, daily: day, weekly: isoWeek(day), monthly: day.slice(0, 7), yearly: day.slice(0, 4) };
}

/** Looks at every minute of the 30 hours around for the same local hour under another offset. */
function isAmbiguous(due: number, timezone: string): boolean {
  const own = wallClock(due, timezone);
  const far = 15 * 3_600_000;
  if (wallClock(due - far, timezone).offset === own.offset && wallClock(due + far, timezone).offset === own.offset) return false;
  for (let at = due - far; at <= due + far; at += 60_000) {
    const other = wallClock(at, timezone);
    if (other.hour === own.hour && other.offset !== own.offset) return true;
  }
  return false;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** `2026-11-24T02` and `+01:00`, from the parts that the platform names. */
function wallClock(at: number, timezone: string): { readonly hour: string; readonly offset: string } {
  const format =
    formats.get(timezone) ??
    new Intl.DateTimeFormat('en-GB', { timeZone: timezone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', hourCycle: 'h23', timeZoneName: 'longOffset' });
  formats.set(timezone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = parts.get('timeZoneName')?.slice('GMT'.length) ?? '';
  return {
    hour: `${parts.get('year')}-${parts.get('month')}-${parts.get('day')}T${parts.get('hour')}`,
    offset: offset === '' ? '+00:00' : offset.slice(0, 6),
  };
}

/** Counts the Mondays on the way from the week of 4 January, which is always week 1. */
function isoWeek(day: string): string {
  const mondayOf = (date: Date): number => date.getTime() - ((date.getUTCDay() + 6) % 7) * 86_400_000;
  const monday = mondayOf(new Date(`${day}T00:00:00Z`));
  const year = Number(day.slice(0, 4));
  for (const each of [year + 1, year, year - 1]) {
    let week = 1;
    for (let first = mondayOf(new Date(Date.UTC(each, 0, 4))); first <= monday; first += 7 * 86_400_000) {
      if (first === monday) return `${each}-W${String(week).padStart(2, '0')}`;
      week += 1;
    }
  }
  throw new Error(`no week for ${day}`);
}
