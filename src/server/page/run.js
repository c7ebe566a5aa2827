// Failed runs, and one run with every answer of the cloud.
import { byId, fill, make, table, when } from './elements.js';
import { exact, outcomes, precise } from './words.js';

/** @typedef {import('#app/views/run-view').RunView} Run */

/** Most shown; the rest is for `snapkeep runs`. */
const SHOWN = 8;

/** What fails over and over is shown once, with its newest run. @param {readonly Run[]} runs newest first */
export function showFailures(runs) {
  const alike = Map.groupBy(runs, (run) => JSON.stringify([run.policy, run.volumeId, run.outcome, run.failure?.code, run.failure?.message]));
  const items = [...alike.values()].slice(0, SHOWN).flatMap(([run, ...older]) => {
    if (run === undefined) return [];
    const times = older.length === 0 ? '' : `, and ${older.length === 1 ? 'once' : `${older.length} times`} before`;
    return make(
      'li',
      {},
      make('button', { type: 'button', class: 'failure', 'data-key': `failure ${run.policy} ${run.volumeId}`, 'data-run': run.id },
        make('span', { class: `mark ${run.outcome === 'failed' ? 'bad' : 'warn'}`, 'aria-hidden': 'true' }, outcomes[run.outcome].sign),
        make('span', { class: 'what' }, make('strong', {}, run.volumeName ?? run.volumeId), make('span', { class: 'quiet' }, ` ${run.policy}, ${run.outcome} `), when(run.due), make('span', { class: 'quiet' }, times)),
        make('span', { class: 'why' }, run.failure === null ? '' : make('code', {}, run.failure.code ?? run.failure.kind), ` ${run.failure?.message ?? ''}`)),
    );
  });
  fill(byId('failures'), items.length === 0 ? make('p', { class: 'quiet' }, 'No failed run in the history.') : make('ul', { class: 'failures' }, ...items));
}

/** @param {Run} run @param {() => void} close */
export function showRun(run, close) {
  const { failure } = run;
  const facts = /** @type {[string, import('./elements.js').Child][]} */ ([
    ['Policy', `${run.policy} on ${run.target}`],
    ['Volume', `${run.volumeName ?? '–'} (${run.volumeId})`],
    ['Due', make('span', {}, when(run.due), `, ${exact(run.due)}${run.trigger === 'schedule' ? '' : `, ${run.trigger}`}`)],
    ['Ended', run.finishedAt === null ? 'not yet' : make('span', {}, when(run.finishedAt), `, ${exact(run.finishedAt)}`)],
    ['Snapshot', run.snapshotId === null ? 'none' : `${run.snapshotName ?? '–'} (${run.snapshotId})${run.adopted ? ', found and taken over' : ''}`],
    ['Run', run.id],
  ]);
  const rows = run.attempts.map((attempt) =>
    make('tr', {}, ...(/** @type {[string, import('./elements.js').Child][]} */ ([
      ['At', make('time', { datetime: attempt.at, title: exact(attempt.at) }, precise(attempt.at))],
      ['Result', attempt.result],
      ['HTTP', attempt.httpStatus === null ? '–' : String(attempt.httpStatus)],
      ['Code', attempt.code ?? '–'],
      ['Message', attempt.message ?? '–'],
      ['Request', attempt.requestId ?? '–'],
    ])).map(([label, value]) => make('td', { 'data-label': label }, make('div', {}, value)))),
  );
  fill(
    byId('run'),
    heading(run.volumeName ?? run.volumeId, make('span', { class: `outcome ${run.outcome}` }, make('span', { 'aria-hidden': 'true' }, outcomes[run.outcome].sign), run.outcome), close),
    failure !== null && make('div', { class: 'reason' }, make('p', {}, make('code', {}, failure.code ?? failure.kind), ` ${failure.message}`), make('p', { class: 'quiet' }, [failure.kind, failure.httpStatus === null ? null : `HTTP ${failure.httpStatus}`, failure.requestId === null ? null : `request ${failure.requestId}`].filter(Boolean).join(' · '))),
    make('dl', {}, ...facts.flatMap(([name, value]) => [make('dt', {}, name), make('dd', {}, value)])),
    make('h3', {}, 'Answers of the cloud'),
    rows.length === 0 ? make('p', { class: 'quiet' }, 'The cloud has not been asked.') : table(['At', 'Result', 'HTTP', 'Code', 'Message', 'Request'], rows, 'Answers of the cloud'),
  );
}

/** @param {string} message @param {() => void} close */
export function showNoRun(message, close) {
  fill(byId('run'), heading('Run', null, close), make('p', {}, message));
}

/** @param {string} title @param {import('./elements.js').Child} mark @param {() => void} close */
function heading(title, mark, close) {
  return make('div', { class: 'heading' }, make('h2', { id: 'run-title', tabindex: '-1' }, title), mark, make('button', { type: 'button', class: 'close', 'data-key': 'close', 'aria-label': 'Close', click: close }, '✕'));
}
