import type { FaultRule, Simulator } from '../../src/simulator/start-simulator.ts';

/** A snapshot whose making failed was never good: the ledger tells these by this name. */
export const MADE_IN_VAIN = 'made-in-vain';

/** What a cloud does on a bad day. The first three of the create call are the ones that make snapshots nobody was told of. */
export const badDay: readonly FaultRule[] = [
  { operation: 'create', probability: 0.02, effect: { kind: 'commit-then-504' } },
  { operation: 'create', probability: 0.02, effect: { kind: 'commit-then-reset' } },
  // Committed when the caller has long been told that it failed.
  { operation: 'create', probability: 0.01, effect: { kind: 'commit-then-504', commitAfterMs: 700 } },
  // No answer before the time-out of 5 s; the second kind is committed after it, well within the grace period that then begins.
  { operation: 'create', probability: 0.003, effect: { kind: 'hang', commit: true } },
  { operation: 'create', probability: 0.003, effect: { kind: 'hang', commitAfterMs: 5_600 } },
  { id: MADE_IN_VAIN, operation: 'create', probability: 0.01, effect: { kind: 'snapshot-error' } },
  { operation: '*', probability: 0.02, effect: { kind: 'code', code: 'EVS.5503' } },
  { operation: '*', probability: 0.015, effect: { kind: 'html-502' } },
  { operation: '*', probability: 0.015, effect: { kind: 'reset-before' } },
  { operation: 'list', probability: 0.01, effect: { kind: 'truncated-body' } },
];

/** The next so many calls are one too many. */
export function throttle(cloud: Simulator, calls: number): void {
  cloud.faults.remove('throttle');
  cloud.faults.add({ id: 'throttle', operation: '*', times: calls, effect: { kind: 'code', code: 'APIGW.0308', headers: { 'Retry-After': '1' } } });
}

const foreignMarks: readonly Readonly<Record<string, string>>[] = [
  {},
  { team: 'payments' },
  // Another instance's, complete.
  { snapkeep_instance: 'somebody-else', snapkeep_policy: 'wide-0', snapkeep_due: '2026-01-01T00:00:00Z', snapkeep_run: 'r0123456789abcdef0123456789abcdef' },
  // Half marked.
  { snapkeep_instance: 'chaos', snapkeep_policy: 'wide-0' },
  { snapkeep_run: 'r0123456789abcdef0123456789abcdef' },
];

/** Snapshots that others made, some with marks that look like ours; returns their ids. */
export function putForeign(cloud: Simulator): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [at, metadata] of foreignMarks.entries()) {
    for (const status of ['available', 'error']) {
      ids.add(cloud.putSnapshot({ volume: `group0${at}-0`, name: `wide-0-group0${at}-0`, metadata, status }).id);
    }
  }
  return ids;
}
