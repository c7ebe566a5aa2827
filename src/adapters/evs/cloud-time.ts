import { instant, type Instant } from '#domain/time';

const shape = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?\s*(?:[Zz]|[+-]\d\d(?::?\d\d)?)?$/;
const zone = /[Zz]|[+-]\d\d(?::?\d\d)?$/;
/** Where the seconds end. */
const WHOLE_LENGTH = 19;
/** After 400 years the calendar repeats; `Date.UTC` takes a year below 100 for one of the last century. */
const CYCLE_YEARS = 400;
const CYCLE_MS = 146_097 * 86_400_000;

/**
 * Reads a time of EVS or Cinder: `2013-02-25T03:56:53.081642`, without a zone and meant as UTC (EVS API reference, create
 * snapshot), where JavaScript would read a local time. 0 to 9 decimals, `T` or `t`, a zone where there is one; cut to
 * milliseconds. Null where it is anything else. By position and not by a pattern's groups: a listing has 100,000 of them.
 */
export function parseCloudTime(written: string): Instant | null {
  const text = written.trim();
  if (!shape.test(text)) return null;
  const month = digits(text, 5, 2);
  const day = digits(text, 8, 2);
  const hour = digits(text, 11, 2);
  const minute = digits(text, 14, 2);
  const second = digits(text, 17, 2);
  const year = digits(text, 0, 4) + CYCLE_YEARS;
  // Parts out of range would roll over in a Date; such a text is no time.
  if (month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59) return null;
  if (day > 28 && day > new Date(Date.UTC(year, month, 0)).getUTCDate()) return null;
  const ms = Date.UTC(year, month - 1, day, hour, minute, second, decimals(text)) - CYCLE_MS;
  return instant(ms - offsetMs(text));
}

function digits(text: string, from: number, count: number): number {
  let value = 0;
  for (let at = from; at < from + count; at += 1) value = value * 10 + text.charCodeAt(at) - 48;
  return value;
}

/** The first three decimals, as milliseconds. */
function decimals(text: string): number {
  let ms = 0;
  let unit = 100;
  if (text[WHOLE_LENGTH] !== '.') return ms;
  for (let at = WHOLE_LENGTH + 1; unit >= 1; at += 1, unit = Math.trunc(unit / 10)) {
    const digit = text.charCodeAt(at) - 48;
    if (!(digit >= 0 && digit <= 9)) break;
    ms += digit * unit;
  }
  return ms;
}

function offsetMs(text: string): number {
  const rest = text.length === WHOLE_LENGTH ? null : zone.exec(text.slice(WHOLE_LENGTH));
  const written = rest?.[0] ?? 'Z';
  if (written === 'Z' || written === 'z') return 0;
  const hoursAndMinutes = written.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(hoursAndMinutes.slice(0, 2)) * 60 + Number(hoursAndMinutes.slice(2));
  return (written.startsWith('-') ? -minutes : minutes) * 60_000;
}
