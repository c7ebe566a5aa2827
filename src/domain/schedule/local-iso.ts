import { MINUTE, isoSeconds } from '../time.ts';
import type { Instant } from '../time.ts';

/** An instant on the wall clock of a zone, with its offset: `2026-11-24T02:00:00-03:00`. `offset` is local time minus UTC, milliseconds. */
export function localIso(at: Instant, offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / MINUTE));
  const zone = `${offset < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
  return `${isoSeconds((at + offset) as Instant).slice(0, 19)}${zone}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
