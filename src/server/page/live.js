// Asks the service for what the page shows, again and again.
import { setClock } from './words.js';

/** How often, ms; not at all while the page is hidden. */
const EVERY_MS = 3_000;
const TIMEOUT_MS = 10_000;

/** @type {Map<string, { etag: string, value: unknown }>} */
const known = new Map();
const MOST_KNOWN = 30;

/** What the service said that is no answer. */
export class Refused extends Error {}

/**
 * The answer and whether it is another than last time. An answer that has not changed is not sent again.
 * @param {string} path
 * @returns {Promise<{ value: unknown, isNew: boolean }>}
 */
export async function read(path) {
  const last = known.get(path);
  const response = await fetch(path, {
    cache: 'no-store',
    headers: last === undefined ? {} : { 'if-none-match': last.etag },
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  setClock(response.headers.get('date'));
  if (response.status === 304 && last !== undefined) return { value: last.value, isNew: false };
  /** @type {unknown} */
  const value = await response.json();
  if (!response.ok) throw new Refused(messageIn(value) ?? `the service answers ${response.status}`);
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(path, { etag: response.headers.get('etag') ?? '', value });
  return { value, isNew: true };
}

/** @param {unknown} value */
function messageIn(value) {
  const error = typeof value === 'object' && value !== null && 'error' in value ? value.error : null;
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : null;
}

/**
 * Runs `refresh` now and every few seconds while the page is visible; never twice at once.
 * @param {() => Promise<void>} refresh must not reject
 */
export function keepAsking(refresh) {
  /** @type {number | undefined} */
  let timer;
  let isRunning = false;
  async function turn() {
    if (isRunning) return;
    clearTimeout(timer);
    isRunning = true;
    await refresh();
    isRunning = false;
    if (document.visibilityState === 'visible') timer = setTimeout(() => void turn(), EVERY_MS);
  }
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') void turn();
    else clearTimeout(timer);
  });
  void turn();
}
