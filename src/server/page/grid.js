// Volumes by firings: one page of it, moved through with the arrow keys.
import { byId, fill, make } from './elements.js';
import { counted, digits, exact, local, outcomes } from './words.js';

/** @typedef {import('#app/views/grid-view').GridView} Grid */
/** @typedef {import('#app/views/grid-view').GridVolume} Volume */

export const ROWS = 50;

export function showLegend() {
  fill(byId('legend'), ...Object.values(outcomes).map(({ sign, word }) => make('li', {}, make('span', { class: `cell ${word}`, 'aria-hidden': 'true' }, sign), word)));
}

/** @param {Grid} grid @param {number} from volumes passed over */
export function showGrid(grid, from) {
  const end = from + grid.volumes.length;
  byId('grid-count').textContent =
    grid.matched === 0 ? 'none found' : `${digits(from + 1)} to ${digits(end)} of ${grid.matched === grid.total ? counted(grid.total, 'volume') : `${digits(grid.matched)} found`}, the worst first`;
  toggle('grid-back', from > 0);
  toggle('grid-next', grid.next !== null);
  const target = byId('grid');
  if (grid.firings.length === 0 || grid.volumes.length === 0) {
    fill(target, make('p', { class: 'quiet' }, grid.firings.length === 0 ? 'This policy has not fired yet.' : 'No volume is called so.'));
    return;
  }
  const key = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
  const firings = grid.firings.toReversed();
  const oldest = firings[0]?.due ?? '';
  const newest = firings.at(-1)?.due ?? '';
  const head = make('tr', { role: 'row' }, make('th', { role: 'columnheader', scope: 'col' }, 'Volume'), ...firings.map(({ due }) => make('th', { role: 'columnheader', scope: 'col', title: exact(due) }, make('span', { class: 'sr' }, local(due)))));
  const body = grid.volumes.map((volume) => row(volume, firings));
  fill(
    target,
    make('p', { class: 'span quiet' }, firings.length === 1 ? `One firing, due ${local(newest)}` : `${digits(firings.length)} firings, due ${local(oldest)} (left) to ${local(newest)} (right)`),
    make('table', { role: 'grid', class: 'volumes', 'aria-label': `Volumes of ${grid.policy} by its newest firings, oldest firing first`, keydown: move }, make('thead', { role: 'rowgroup' }, head), make('tbody', { role: 'rowgroup' }, ...body)),
  );
  const cells = [...target.querySelectorAll('button.cell')];
  // Else the newest firing of the worst volume.
  const worst = [...(target.querySelector('tbody tr')?.querySelectorAll('button.cell') ?? [])].at(-1);
  const current = cells.find((cell) => cell instanceof HTMLElement && cell.dataset.key === key) ?? worst ?? cells[0];
  current?.setAttribute('tabindex', '0');
}

/** @param {string} id @param {boolean} isOn */
function toggle(id, isOn) {
  const button = byId(id);
  if (button instanceof HTMLButtonElement) button.disabled = !isOn;
}

/** @param {Volume} volume @param {readonly { due: string }[]} firings oldest first */
function row(volume, firings) {
  const name = volume.name ?? volume.id;
  const cells = volume.cells.toReversed().map((cell, index) => {
    const due = firings[index]?.due ?? '';
    if (cell === null) return make('td', { role: 'gridcell' }, make('span', { class: 'cell none', title: `${local(due)}: no run` }, make('span', { class: 'sr' }, 'no run')));
    const { sign, word } = outcomes[cell.outcome];
    return make('td', { role: 'gridcell' }, make('button', { type: 'button', class: `cell ${cell.outcome}`, tabindex: -1, 'data-key': cell.run, 'data-run': cell.run, title: `${name}, ${local(due)}: ${word}`, 'aria-label': `${name}, ${local(due)}: ${word}` }, sign));
  });
  return make(
    'tr',
    { role: 'row', class: volume.overdue ? 'overdue' : '' },
    make('th', { role: 'rowheader', scope: 'row', title: volume.name === null ? volume.id : `${volume.name} (${volume.id})` }, make('span', { class: 'name' }, name), volume.overdue && make('span', { class: 'tag' }, 'overdue')),
    ...cells,
  );
}

const steps = /** @type {Readonly<Record<string, readonly [number, number]>>} */ ({ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Home: [0, -Infinity], End: [0, Infinity] });

/** @param {Event} event */
function move(event) {
  if (!(event instanceof KeyboardEvent) || !(event.target instanceof HTMLElement)) return;
  const step = steps[event.key];
  const rowNow = event.target.closest('tr');
  const cellNow = event.target.closest('td');
  const body = rowNow?.parentElement;
  if (step === undefined || !rowNow || !cellNow || !body) return;
  event.preventDefault();
  const [down, right] = step;
  const rows = [...body.children];
  const column = [...rowNow.children].indexOf(cellNow);
  const inRow = rows[Math.min(rows.length - 1, Math.max(0, rows.indexOf(rowNow) + down))];
  if (inRow === undefined) return;
  const last = inRow.children.length - 1;
  const direction = right < 0 ? -1 : 1;
  // Passes over firings that had no run of the volume, and over what a narrow window does not show.
  for (let at = Math.min(last, Math.max(1, column + right)); at >= 1 && at <= last; at += Number.isFinite(right) ? direction : -direction) {
    const button = inRow.children[at]?.querySelector('button');
    if (!button || button.offsetParent === null) continue;
    event.target.tabIndex = -1;
    button.tabIndex = 0;
    button.focus();
    return;
  }
}
