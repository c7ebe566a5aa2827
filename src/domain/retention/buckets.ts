import { DAY, HOUR, MINUTE, SECOND } from '../time.ts';
import type { Instant } from '../time.ts';
import type { OffsetAt } from './local-calendar.ts';

/** A calendar period of which a rule keeps the newest snapshot, in the order in which reasons are listed. */
export const PERIODS = ['hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const;
export type Period = (typeof PERIODS)[number];

/** Beyond any offset in seconds, so that an hour and an offset make one number. */
const OFFSETS = 200_000;

/**
 * The bucket that an instant falls into, equal for two instants exactly where `bucketName` is. `offset` is the zone's at
 * `at`. Days, months and years are those of the local calendar, weeks those of ISO 8601 (Monday first). Hours are
 * local hours, and one that the clock shows twice makes two.
 */
export function bucketKey(period: Period, at: Instant, offset: number): number {
  const local = at + offset;
  switch (period) {
    case 'hourly':
      return Math.floor(local / HOUR) * OFFSETS + offset / SECOND;
    case 'daily':
      return Math.floor(local / DAY);
    case 'weekly':
      return weekOf(local);
    case 'monthly': {
      const date = new Date(local);
      return date.getUTCFullYear() * 12 + date.getUTCMonth();
    }
    case 'yearly':
      return new Date(local).getUTCFullYear();
  }
}

/** `2026-11-24T02`, `2026-11-24`, `2026-W48`, `2026-11`, `2026`. An hour that the clock shows twice bears its offset, `2026-10-25T02+01:00`. */
export function bucketName(period: Period, at: Instant, offsetAt: OffsetAt): string {
  const offset = offsetAt(at);
  const local = at + offset;
  const iso = new Date(local).toISOString();
  switch (period) {
    case 'hourly':
      return isShownTwice(at, offset, offsetAt) ? `${iso.slice(0, 13)}${offsetName(offset)}` : iso.slice(0, 13);
    case 'daily':
      return iso.slice(0, 10);
    case 'weekly':
      return weekName(local);
    case 'monthly':
      return iso.slice(0, 7);
    case 'yearly':
      return iso.slice(0, 4);
  }
}

/** Whether some part of this local hour also passes under the offset of the day before or after. */
function isShownTwice(at: Instant, offset: number, offsetAt: OffsetAt): boolean {
  const hour = Math.floor((at + offset) / HOUR) * HOUR;
  return [offsetAt(at - DAY), offsetAt(at + DAY)].some((other) => {
    if (other === offset) return false;
    const start = hour - other;
    return offsetAt(start) === other || offsetAt(start + HOUR - 1) === other;
  });
}

function offsetName(offset: number): string {
  const minutes = Math.floor(Math.abs(offset) / MINUTE);
  return `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

/** Weeks from Monday to Sunday, counted so that day 7 times the number (from 1970-01-01, a Thursday) is the week's Thursday. */
function weekOf(local: number): number {
  return Math.floor((Math.floor(local / DAY) + 3) / 7);
}

/** A week belongs to the year that its Thursday lies in (ISO 8601). */
function weekName(local: number): string {
  const thursday = weekOf(local) * 7;
  const iso = new Date(thursday * DAY).toISOString();
  const newYear = Date.parse(`${iso.slice(0, 4)}-01-01T00:00:00Z`) / DAY;
  return `${iso.slice(0, 4)}-W${twoDigits(Math.floor((thursday - newYear) / 7) + 1)}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
