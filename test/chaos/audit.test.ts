import { describe, expect, test } from 'vitest';
import { audit, auditLine, auditProblems } from './audit.ts';
import type { AuditInput, RunRecord } from './audit.ts';

const triple = { policy: 'p', volumeId: 'v', due: Date.parse('2026-11-24T02:00:00Z'), runId: 'r1' };
const made = { id: 's1', runId: 'r1', inVain: false };
const nothing: AuditInput = { expected: [triple], made: [], good: [], deleted: [], foreign: new Set(), runs: new Map(), told: { reasons: new Map(), missed: [] } };

function record(outcome: string, message: string | null = null, snapshotId: string | null = null): ReadonlyMap<string, RunRecord> {
  return new Map([['r1', { id: 'r1', outcome, snapshotId, failure: message === null ? null : { message } }]]);
}

describe('the audit', () => {
  test('counts one good snapshot and a true record as right', () => {
    const result = audit({ ...nothing, made: [made], good: [made], runs: record('available', null, 's1') });
    expect(auditProblems(result)).toBe('');
    expect(auditLine('chaos', 7, result)).toBe('chaos: seed 7: 1 triples, 1 good, 0 with a recorded reason, 0 lost, 0 duplicated');
  });

  test.each([
    ['a failed run with its reason', { runs: record('failed', 'invalid') }],
    ['a reason in the logs of a record that is lost', { told: { reasons: new Map([['r1', 'overlap']]), missed: [] } }],
    ['a due time that was let go and told', { told: { reasons: new Map(), missed: [{ policy: 'p', first: triple.due, last: triple.due }] } }],
  ] as const)('takes %s for a reason', (_, given) => {
    const result = audit({ ...nothing, ...given });
    expect(result).toMatchObject({ good: 0, withReason: 1, lost: [] });
    expect(auditProblems(result)).toBe('');
  });

  test.each([
    ['nothing at all', {}],
    ['a record of a snapshot that is not there', { made: [made], runs: record('available', null, 's1') }],
    ['a run that never ends', { runs: record('pending') }],
    ['a let-go due time of another policy', { told: { reasons: new Map(), missed: [{ policy: 'q', first: 0, last: Infinity }] } }],
  ] as const)('tells as lost: %s', (_, given) => {
    expect(audit({ ...nothing, ...given }).lost).toHaveLength(1);
  });

  test('tells a second snapshot of a run, also one that was deleted again, but not one that was made in vain', () => {
    const second = { ...made, id: 's2' };
    expect(audit({ ...nothing, made: [made, second], good: [made], runs: record('available', null, 's1') })).toMatchObject({ duplicated: ['r1: s1, s2'], stillTwo: [] });
    expect(audit({ ...nothing, made: [made, second], good: [made, second], runs: record('available', null, 's1') }).stillTwo).toHaveLength(1);
    expect(auditProblems(audit({ ...nothing, made: [made, { ...second, inVain: true }], good: [made], runs: record('available', null, 's1') }))).toBe('');
  });

  test('tells a foreign snapshot that was deleted, and a record that the cloud contradicts', () => {
    expect(audit({ ...nothing, deleted: ['f1', 's9'], foreign: new Set(['f1']) }).foreignDeleted).toEqual(['f1']);
    expect(audit({ ...nothing, made: [made], good: [made], runs: record('failed', 'lost') }).wrongRecords).toHaveLength(1);
    expect(audit({ ...nothing, made: [made], good: [made], runs: record('available', null, 's2') }).wrongRecords).toHaveLength(1);
  });
});
