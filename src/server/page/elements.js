// Elements are made here and nowhere else: text only ever becomes a text node, whatever it holds.
import { exact, relative } from './words.js';

/** @typedef {Node | string | null | false} Child */

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Readonly<Record<string, string | number | boolean | ((event: Event) => void) | null>>} attributes functions are listeners; false and null leave out
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function make(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children.filter((child) => child !== null && child !== false));
  return element;
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`no element ${id}`);
  return element;
}

/** Puts new children in place of the old; what had the focus keeps it where its `data-key` comes again. @param {Element} parent @param {...Child} children */
export function fill(parent, ...children) {
  const focused = document.activeElement;
  const key = focused instanceof HTMLElement && parent.contains(focused) ? focused.dataset.key : undefined;
  parent.replaceChildren(...children.filter((child) => child !== null && child !== false));
  if (key === undefined) return;
  const again = parent.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (again instanceof HTMLElement) again.focus({ preventScroll: true });
}

/** A time told relative to now, the exact one as its title. Kept up to date by `tick`. @param {string} iso */
export function when(iso) {
  return make('time', { datetime: iso, title: exact(iso), 'data-ticks': true }, relative(iso));
}

/** Brings all relative times up to date. */
export function tick() {
  for (const time of document.querySelectorAll('time[data-ticks]')) {
    const text = relative(time.getAttribute('datetime') ?? '');
    if (time.textContent !== text) time.textContent = text;
  }
}

/** @param {readonly string[]} headings @param {readonly HTMLTableRowElement[]} rows @param {string} label */
export function table(headings, rows, label) {
  const head = make('tr', {}, ...headings.map((heading) => make('th', { scope: 'col' }, heading)));
  return make('table', { 'aria-label': label }, make('thead', {}, head), make('tbody', {}, ...rows));
}
