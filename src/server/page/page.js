// The status page: what is shown when.
import { byId, fill, make, table, tick } from './elements.js';
import { ROWS, showGrid, showLegend } from './grid.js';
import { keepAsking, read, Refused } from './live.js';
import { showPolicies, showSummary, tickLags, worstFirst } from './policies.js';
import { showFailures, showNoRun, showRun } from './run.js';
import { clock, counted, digits } from './words.js';

/** @typedef {import('#app/views/overview-view').OverviewView} Overview */
/** @typedef {import('#app/views/overview-view').QueuesView} Queues */
/** @typedef {import('#app/views/grid-view').GridView} Grid */
/** @typedef {import('#app/views/run-view').RunView} Run */

/** Runs read for the latest failures; those alike are shown as one. */
const FAILURES = 100;

const select = /** @type {HTMLSelectElement} */ (byId('grid-policy'));
const search = /** @type {HTMLInputElement} */ (byId('grid-search'));
const dialog = /** @type {HTMLDialogElement} */ (byId('run'));

/** @type {Overview | null} */
let overview = null;
/** What the grid shows: the policy chosen, or the worst one. @type {{ policy: string | null, from: number }} */
const shown = { policy: null, from: 0 };
let answeredAt = 0;

async function refresh() {
  try {
    const answer = await read('/api/v1/overview');
    overview = /** @type {Overview} */ (answer.value);
    if (answer.isNew) {
      showSummary(overview);
      showPolicies(overview.policies, choose);
      showChoices(overview);
      await Promise.all([refreshGrid(), refreshFailures()]);
    }
    await refreshHealth(overview, answer.isNew);
    await refreshRun();
    answeredAt = Date.now();
    said(null);
  } catch (error) {
    said(error);
  }
}

/** @param {unknown} error null where all is well */
function said(error) {
  const live = byId('live');
  const alert = byId('alert');
  document.body.classList.toggle('stale', error !== null);
  if (error === null) {
    live.textContent = `live, as of ${clock(answeredAt)}`;
    alert.hidden = true;
    return;
  }
  const what = error instanceof Refused ? error.message : 'The service does not answer';
  const since = answeredAt === 0 ? '' : ` since ${clock(answeredAt)}. Below is what it said then`;
  live.textContent = 'not live';
  const text = `${what}${since}.`;
  if (alert.textContent !== text) alert.textContent = text;
  alert.hidden = false;
}

/** @param {Overview} view */
function showChoices(view) {
  const names = worstFirst(view.policies).map(({ policy }) => policy);
  if (shown.policy === null || !names.includes(shown.policy)) {
    shown.policy = names[0] ?? null;
    shown.from = 0;
  }
  const choices = names.toSorted((a, b) => a.localeCompare(b));
  if (choices.join() !== [...select.options].map(({ value }) => value).join()) fill(select, ...choices.map((name) => make('option', { value: name }, name)));
  select.value = shown.policy ?? '';
}

let gridTurn = 0;

async function refreshGrid() {
  if (shown.policy === null) return;
  gridTurn += 1;
  const turn = gridTurn;
  const { policy, from } = shown;
  const query = new URLSearchParams({ limit: String(ROWS), after: String(from), search: search.value });
  const { value } = await read(`/api/v1/policies/${encodeURIComponent(policy)}/grid?${query}`);
  // Asked for something else in the meantime.
  if (turn !== gridTurn) return;
  showGrid(/** @type {Grid} */ (value), from);
}

async function refreshFailures() {
  const [failed, abandoned] = await Promise.all(['failed', 'abandoned'].map(async (outcome) => /** @type {{ runs: Run[] }} */ ((await read(`/api/v1/runs?outcome=${outcome}&limit=${FAILURES}`)).value).runs));
  const runs = [...(failed ?? []), ...(abandoned ?? [])].toSorted((a, b) => Date.parse(b.due) - Date.parse(a.due));
  showFailures(runs);
}

/** @param {Overview} view @param {boolean} isNewView */
async function refreshHealth(view, isNewView) {
  const { value, isNew } = await read('/api/v1/queues');
  const ready = /** @type {{ checks: Record<string, string> }} */ (await (await fetch('/readyz', { cache: 'no-store' })).json());
  const checks = JSON.stringify(ready.checks);
  if (!isNewView && !isNew && byId('health').dataset.checks === checks) return;
  byId('health').dataset.checks = checks;
  const rows = /** @type {Queues} */ (value).queues.map(({ target, active, waiting, delayed }) => {
    const newest = view.policies.filter((policy) => policy.target === target).flatMap(({ firings }) => firings.slice(0, 1));
    const failed = newest.reduce((sum, { runs }) => sum + runs.failed + runs.abandoned, 0);
    const all = newest.reduce((sum, { runs }) => sum + Object.values(runs).reduce((a, b) => a + b, 0), 0);
    const last = all === 0 ? 'no runs yet' : failed === 0 ? `✓ none of ${counted(all, 'run')} failed` : `✕ ${digits(failed)} of ${counted(all, 'run')} failed`;
    return make('tr', {}, make('th', { scope: 'row' }, target), ...[['In hand', digits(active)], ['Waiting', digits(waiting)], ['Later', digits(delayed)], ['Newest firings', last]].map(([label, text]) => make('td', { 'data-label': label ?? '' }, make('div', {}, text ?? ''))));
  });
  const service = Object.entries(ready.checks).map(([name, state]) => make('li', { class: state === 'ok' ? '' : 'bad' }, `${state === 'ok' ? '✓' : '✕'} ${name}: ${state}`));
  fill(byId('health'), table(['Target', 'In hand', 'Waiting', 'Later', 'Newest firings'], rows, 'Queues by target'), make('ul', { class: 'checks', 'aria-label': 'Parts of the service' }, ...service));
}

/** The run in the address, `#run=…`. */
function runInAddress() {
  return /^#run=(\w+)$/.exec(location.hash)?.[1] ?? null;
}

async function refreshRun() {
  const id = runInAddress();
  if (id === null) {
    if (dialog.open) dialog.close();
    return;
  }
  const path = `/api/v1/runs/${id}`;
  try {
    const { value, isNew } = await read(path);
    if (runInAddress() !== id) return;
    if (isNew || !dialog.open || dialog.dataset.run !== id) showRun(/** @type {Run} */ (value), closeRun);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    showNoRun(`${error.message}.`, closeRun);
  }
  dialog.dataset.run = id;
  if (!dialog.open) dialog.showModal();
}

function closeRun() {
  dialog.close();
}

/** @param {string} policy */
function choose(policy) {
  Object.assign(shown, { policy, from: 0 });
  select.value = policy;
  byId('grid-title').scrollIntoView({ block: 'start' });
  act(refreshGrid);
}

/** @param {() => Promise<void>} action */
function act(action) {
  action().catch(said);
}

/** @type {number | undefined} */
let typing;
search.addEventListener('input', () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    shown.from = 0;
    act(refreshGrid);
  }, 200);
});
select.addEventListener('change', () => choose(select.value));
byId('grid-back').addEventListener('click', () => turnPage(-ROWS));
byId('grid-next').addEventListener('click', () => turnPage(ROWS));

/** @param {number} by */
function turnPage(by) {
  shown.from = Math.max(0, shown.from + by);
  act(refreshGrid);
}

document.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('[data-run]') : null;
  if (!(button instanceof HTMLButtonElement)) return;
  location.hash = `run=${button.dataset.run ?? ''}`;
});
/** @type {string | undefined} */
let openedFrom;
addEventListener('hashchange', () => {
  const focused = document.activeElement;
  if (runInAddress() !== null && focused instanceof HTMLElement && !dialog.contains(focused)) openedFrom = focused.dataset.key;
  act(refreshRun);
});
dialog.addEventListener('close', () => {
  history.replaceState(null, '', location.pathname);
  // What it was opened from may have been drawn anew meanwhile.
  const origin = openedFrom === undefined ? null : document.querySelector(`[data-key="${CSS.escape(openedFrom)}"]`);
  if (origin instanceof HTMLElement) origin.focus();
});
dialog.addEventListener('click', (event) => {
  if (event.target === dialog) dialog.close();
});
setInterval(() => {
  tick();
  tickLags();
}, 1_000);
showLegend();
keepAsking(refresh);
