// How numbers, times and outcomes are written.

/** @typedef {import('#domain/run').Outcome} Outcome */

const number = new Intl.NumberFormat('en');
const dayTime = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });
const preciseTime = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', second: '2-digit' });
const exactTime = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
const clockTime = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** The zone of whoever reads this. */
export const readersZone = Intl.DateTimeFormat().resolvedOptions().timeZone;

/** The service's clock minus ours, ms. */
let clockOffset = 0;

/** @param {string | null} date the Date header of an answer */
export function setClock(date) {
  const at = date === null ? Number.NaN : Date.parse(date);
  // The header has whole seconds: a small difference says nothing.
  clockOffset = Math.abs(at - Date.now()) > 2_000 ? at - Date.now() : 0;
}

export function now() {
  return Date.now() + clockOffset;
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/** @param {number} count */
export function digits(count) {
  return number.format(count);
}

/** A length of time in at most two units. @param {number} seconds */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3_600) return s < 600 && s % 60 > 0 ? `${Math.floor(s / 60)} min ${s % 60} s` : `${Math.floor(s / 60)} min`;
  if (s < 86_400) return two(Math.floor(s / 3_600), 'h', Math.floor((s % 3_600) / 60), 'min');
  return two(Math.floor(s / 86_400), 'd', Math.floor((s % 86_400) / 3_600), 'h');
}

/** @param {number} a @param {string} unitA @param {number} b @param {string} unitB */
function two(a, unitA, b, unitB) {
  return b === 0 ? `${a} ${unitA}` : `${a} ${unitA} ${b} ${unitB}`;
}

/** @param {string} iso */
export function relative(iso) {
  const seconds = (Date.parse(iso) - now()) / 1000;
  if (Math.abs(seconds) < 1) return 'now';
  return seconds > 0 ? `in ${span(seconds)}` : `${span(-seconds)} ago`;
}

/** On the reader's clock. @param {string} iso */
export function local(iso) {
  return dayTime.format(new Date(iso));
}

/** On the reader's clock, to the second. @param {string} iso */
export function precise(iso) {
  return preciseTime.format(new Date(iso));
}

/** Reader's clock and UTC, to the second. @param {string} iso */
export function exact(iso) {
  return `${exactTime.format(new Date(iso))} (${iso})`;
}

/** On the clock of a zone. @param {string} iso @param {string} zone */
export function inZone(iso, zone) {
  return new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit', timeZone: zone }).format(new Date(iso));
}

/** @param {number} at */
export function clock(at) {
  return clockTime.format(new Date(at));
}

/** A sign for each outcome, so that none is told by colour alone. @type {Readonly<Record<Outcome, { sign: string, word: string }>>} */
export const outcomes = {
  available: { sign: '✓', word: 'available' },
  failed: { sign: '✕', word: 'failed' },
  abandoned: { sign: '?', word: 'abandoned' },
  skipped: { sign: '–', word: 'skipped' },
  pending: { sign: '…', word: 'pending' },
};
