// The sentence at the top and the table of policies.
import { byId, fill, make, table, when } from './elements.js';
import { counted, digits, exact, inZone, local, now, outcomes, readersZone, span } from './words.js';

/** @typedef {import('#app/views/overview-view').OverviewView} Overview */
/** @typedef {import('#app/views/overview-view').PolicyOverview} Policy */
/** @typedef {import('#app/views/overview-view').FiringSummary} Firing */
/** @typedef {'bad' | 'warn' | 'good' | 'paused' | 'unknown'} State */

/** @type {Readonly<Record<State, { sign: string, word: string }>>} */
const states = {
  bad: { sign: '✕', word: 'overdue' },
  warn: { sign: '!', word: 'look' },
  good: { sign: '✓', word: 'protected' },
  paused: { sign: 'Ⅱ', word: 'paused' },
  unknown: { sign: '·', word: 'no volumes yet' },
};

/** Seconds since the worst volume was last safe. @param {Policy} policy */
function lagOf(policy) {
  return policy.lagSince === null ? 0 : Math.max(0, (now() - Date.parse(policy.lagSince)) / 1000);
}

/** @param {Firing | undefined} firing */
function badRuns(firing) {
  return firing === undefined ? 0 : firing.runs.failed + firing.runs.abandoned;
}

/** @param {Policy} policy @returns {State} */
function stateOf(policy) {
  if (policy.overdue > 0) return 'bad';
  if (policy.paused) return 'paused';
  if (policy.volumes === 0) return 'unknown';
  return policy.withoutSnapshot > 0 || badRuns(policy.firings[0]) > 0 ? 'warn' : 'good';
}

/** Overdue ones first, and of equals the one nearest to its objective. @param {readonly Policy[]} policies */
export function worstFirst(policies) {
  const rank = { bad: 0, warn: 1, good: 2, unknown: 3, paused: 4 };
  return policies.toSorted((a, b) => rank[stateOf(a)] - rank[stateOf(b)] || lagOf(b) / b.rpoSeconds - lagOf(a) / a.rpoSeconds || a.policy.localeCompare(b.policy));
}

/** @param {Overview} overview */
export function showSummary({ instance, policies }) {
  const sum = (/** @type {(policy: Policy) => number} */ of) => policies.reduce((total, policy) => total + of(policy), 0);
  const volumes = sum((policy) => policy.volumes);
  const overdue = sum((policy) => policy.overdue);
  const without = sum((policy) => policy.withoutSnapshot);
  const failed = sum((policy) => badRuns(policy.firings[0]));
  const paused = policies.filter((policy) => policy.paused).length;
  const [next] = policies.filter((policy) => policy.nextDue !== null).toSorted((a, b) => Date.parse(a.nextDue ?? '') - Date.parse(b.nextDue ?? ''));

  byId('instance').textContent = instance;
  const [state, sentence] = judged();
  byId('summary').dataset.state = state;
  // The same words again would be read out again.
  if (byId('sentence').textContent !== sentence) byId('sentence').textContent = sentence;
  document.title = `${states[state].sign} ${sentence} snapkeep`;
  fill(
    byId('details'),
    failed > 0 ? `${counted(failed, 'run')} of the newest firings failed. ` : null,
    paused > 0 ? `${counted(paused, 'policy is', 'policies are')} paused. ` : null,
    ...(next?.nextDue ? ['Next due: ', make('strong', {}, next.policy), ' ', when(next.nextDue), '.'] : []),
  );

  /** @returns {[State, string]} */
  function judged() {
    if (policies.length === 0) return ['unknown', 'There are no policies.'];
    if (volumes === 0) return ['unknown', 'No volume has been seen yet.'];
    if (overdue > 0) return ['bad', overdue === volumes ? `All ${counted(volumes, 'volume')} are overdue.` : `${digits(overdue)} of ${counted(volumes, 'volume')} ${overdue === 1 ? 'is' : 'are'} overdue.`];
    if (without > 0) return ['warn', `${digits(without)} of ${counted(volumes, 'volume')} ${without === 1 ? 'has' : 'have'} no snapshot yet.`];
    return ['good', volumes === 1 ? 'The only volume is protected.' : `All ${counted(volumes, 'volume')} of ${counted(policies.length, 'policy', 'policies')} are protected.`];
  }
}

/** @param {readonly Policy[]} policies @param {(policy: string) => void} choose */
export function showPolicies(policies, choose) {
  const rows = worstFirst(policies).map((policy) => row(policy, choose));
  fill(byId('policies'), rows.length === 0 ? make('p', { class: 'quiet' }, 'No policies are in force.') : table(['Policy', 'Age of the worst volume', 'Volumes', 'Last firing', 'Newest 30 firings', 'Next due'], rows, 'Policies, overdue ones first'));
}

/** @param {Policy} policy @param {(policy: string) => void} choose */
function row(policy, choose) {
  const state = stateOf(policy);
  const { sign, word } = states[state];
  return make(
    'tr',
    { class: `policy ${state}` },
    make(
      'th',
      { scope: 'row' },
      make('span', { class: `mark ${state}`, title: word, 'aria-hidden': 'true' }, sign),
      make('span', {}, make('button', { type: 'button', class: 'link', 'data-key': `policy ${policy.policy}`, title: 'Show its volumes', click: () => choose(policy.policy) }, policy.policy), make('span', { class: 'sr' }, `: ${word}`), make('small', {}, `${policy.cron.join(' and ')} ${policy.timezone} · ${policy.target}`)),
    ),
    cell('Age of the worst volume', rpo(policy)),
    cell('Volumes', digits(policy.volumes), policy.overdue > 0 && make('small', { class: 'bad' }, `${digits(policy.overdue)} overdue`), policy.withoutSnapshot > 0 && make('small', {}, `${digits(policy.withoutSnapshot)} without a snapshot`)),
    cell('Last firing', ...lastFiring(policy.firings[0])),
    cell('Newest 30 firings', strip(policy.firings)),
    cell('Next due', ...nextDue(policy)),
  );
}

/** @param {string} label @param {...import('./elements.js').Child} children */
function cell(label, ...children) {
  return make('td', { 'data-label': label }, make('div', {}, ...children));
}

/** @param {Policy} policy */
function rpo(policy) {
  if (policy.lagSince === null) return make('span', { class: 'quiet' }, '–');
  const share = lagOf(policy) / policy.rpoSeconds;
  const meter = make('span', { class: `bar${share > 1 ? ' over' : ''}`, 'aria-hidden': 'true' }, make('span', {}));
  if (meter.firstElementChild instanceof HTMLElement) meter.firstElementChild.style.width = `${Math.min(100, share * 100).toFixed(1)}%`;
  return make('span', { title: `counts from ${exact(policy.lagSince)}` }, make('span', { class: 'nowrap' }, make('span', { 'data-lag': policy.lagSince, class: share > 1 ? 'late' : null }, span(lagOf(policy))), make('span', { class: 'quiet' }, ` of ${span(policy.rpoSeconds)}`)), meter);
}

/** @param {Firing | undefined} firing */
function lastFiring(firing) {
  if (firing === undefined) return [make('span', { class: 'quiet' }, 'none yet')];
  return [when(firing.due), make('small', {}, ...counts(firing), firing.trigger === 'schedule' ? null : ` ${firing.trigger}`)];
}

/** @param {Firing} firing */
function counts({ runs }) {
  return (/** @type {const} */ (['failed', 'abandoned', 'skipped', 'pending', 'available']))
    .filter((outcome) => runs[outcome] > 0)
    .map((outcome) => make('span', { class: `count ${outcome}` }, make('span', { 'aria-hidden': 'true' }, outcomes[outcome].sign), `${digits(runs[outcome])} ${outcomes[outcome].word}`));
}

/** @param {readonly Firing[]} firings newest first */
function strip(firings) {
  const bad = firings.filter((firing) => badRuns(firing) > 0).length;
  const bars = firings.toReversed().map((firing) => make('span', { class: badRuns(firing) > 0 ? 'failed' : firing.finishedAt === null ? 'pending' : firing.runs.skipped > 0 ? 'skipped' : 'available', title: `${exact(firing.due)}: ${told(firing)}` }));
  return make('span', { class: 'strip', role: 'img', 'aria-label': `${counted(firings.length, 'firing')}, ${digits(bad)} with failures` }, ...bars);
}

/** @param {Firing} firing */
function told({ runs }) {
  return Object.entries(runs).filter(([, count]) => count > 0).map(([outcome, count]) => `${count} ${outcome}`).join(', ') || 'no runs';
}

/** @param {Policy} policy */
function nextDue({ nextDue: due, timezone, paused }) {
  if (due === null) return [make('span', { class: 'quiet' }, paused ? 'paused' : 'never')];
  const there = timezone === readersZone ? null : make('small', {}, `${inZone(due, timezone)} ${timezone}`);
  return [when(due), make('small', {}, local(due)), there];
}

/** Brings the ages up to date. */
export function tickLags() {
  for (const lag of document.querySelectorAll('[data-lag]')) {
    const text = span((now() - Date.parse(lag.getAttribute('data-lag') ?? '')) / 1000);
    if (lag.textContent !== text) lag.textContent = text;
  }
}
