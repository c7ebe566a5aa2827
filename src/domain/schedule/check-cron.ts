import { instant } from '../time.ts';
import { cronFactsOf, cronSyntaxError, fireTimesOf } from './fire-times.ts';

const example = 'for example "0 2 * * *", every day at 02:00';

const nicknames: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

/** The fields of six, and the numbers each takes; a step runs up to `top`. */
const fieldKinds = [
  { name: 'second', first: 0, last: 59, top: 59 },
  { name: 'minute', first: 0, last: 59, top: 59 },
  { name: 'hour', first: 0, last: 23, top: 23 },
  { name: 'day of month', first: 1, last: 31, top: 31 },
  { name: 'month', first: 1, last: 12, top: 12 },
  // Sunday is 0 and 7.
  { name: 'day of week', first: 0, last: 7, top: 6 },
] as const;
type FieldKind = (typeof fieldKinds)[number];

/**
 * What is wrong with a cron expression, and what would be right; null where it is good. Good is 5 or 6 fields that
 * croner reads and that yield a due time at least once before the year 3000.
 */
export function cronProblem(expression: string): string | null {
  const text = expression.trim();
  if (text === '') return `the expression is empty; write five fields, ${example}`;
  if (text.startsWith('@')) return nicknameProblem(text);
  // croner takes an ISO date for a job that runs once, in every mode.
  if (/^\d{4}-\d{2}/.test(text)) return `"${text}" is a date, not a schedule; write five fields, ${example}`;

  const fields = text.split(/\s+/);
  if (fields.length !== 5 && fields.length !== 6) {
    const noun = fields.length === 1 ? 'field' : 'fields';
    return `"${text}" has ${fields.length} ${noun}; write 5 (minute hour day-of-month month day-of-week) or 6 (seconds first), ${example}`;
  }
  const kinds = fieldKinds.slice(-fields.length);
  const [problem] = fields.flatMap((field, place) =>
    kinds.slice(place, place + 1).flatMap((kind) => fieldProblem(field, kind) ?? rangeProblem(field, kind) ?? []),
  );
  if (problem !== undefined) return problem;
  const syntaxError = cronSyntaxError(text);
  if (syntaxError !== null) return `"${text}" cannot be read: ${cureOf(syntaxError)}`;
  // Whether a due time ever occurs depends on the calendar only, and every day always does.
  if (!cronFactsOf(text).isEveryDay && fireTimesOf({ cron: [text], timezone: 'UTC' }).next(instant(0)) === null) {
    return `"${text}" never occurs: no month it names has that day; write a day that exists, such as "0 3 28 2 *", or L for the last day of the month, "0 3 L * *"`;
  }
  return null;
}

/** A trap in a good expression, and how to say what was likely meant; null where there is none. */
export function cronWarning(expression: string): string | null {
  if (!cronFactsOf(expression).joinsDaysByOr) return null;
  const both = expression.trim().replace(/\S+$/, '+$&');
  return `"${expression.trim()}" names both a day of the month and a day of the week: cron runs it on days that match either one; write "${both}" for days that match both, or set one of the two to *`;
}

function nicknameProblem(text: string): string {
  const meant = nicknames[text.toLowerCase()];
  if (meant !== undefined) return `"${text}" is not taken; write its five fields, "${meant}"`;
  if (text.toLowerCase() === '@reboot') return `"@reboot" has no due times: snapshots are taken by the clock; write five fields, ${example}`;
  return `"${text}" is not taken; write five fields with a step, for example "*/5 * * * *", every five minutes`;
}

/** Spellings of other cron dialects, with ours. */
function fieldProblem(field: string, kind: FieldKind): string | null {
  if (/^H(\(.*\))?(\/\d+)?$/i.test(field)) {
    return `"${field}" is Jenkins' way to spread load; write a number here and spread volumes with schedule.spread, for example "spread: 30m"`;
  }
  if (/^L-\d+$/i.test(field)) {
    return `"${field}" (days before the last) is not supported; write L for the last day of the month or a fixed day, for example "0 2 28 * *"`;
  }
  if (/^\d+\/\d+$/.test(field)) {
    return `"${field}" steps from a number without an end; write "${field.replace('/', `-${kind.top}/`)}"`;
  }
  return /^\/\d+$/.test(field) ? `"${field}" steps from nowhere; write "*${field}"` : null;
}

/** croner counts days and months from 0 in its messages, so plain numbers are looked at before it sees them. */
function rangeProblem(field: string, kind: FieldKind): string | null {
  for (const part of field.split(',')) {
    const numbers = /^(\d+)(?:-(\d+))?(?:\/\d+)?$/.exec(part);
    if (numbers === null) continue;
    const low = Number(numbers[1]);
    const high = numbers[2] === undefined ? low : Number(numbers[2]);
    const wrong = [low, high].find((value) => value < kind.first || value > kind.last);
    if (wrong !== undefined) return `${kind.name} ${wrong} does not exist; write a number from ${kind.first} to ${kind.last}`;
    if (low > high) return `${kind.name} "${part}" runs backwards; write "${low}-${kind.last},${kind.first}-${high}" or the lower number first`;
  }
  return null;
}

function cureOf(syntaxError: string): string {
  return `${syntaxError.replace(/\.$/, '')}; write five fields, ${example}`;
}
