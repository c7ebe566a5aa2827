import { describe, expect, it, test } from 'vitest';
import { durationMs } from '#domain/time';
import { at, decide, idsOf, lines, owned, rules } from './volume.ts';

const days = (...numbers: number[]): string[] => numbers.map((day) => `2026-11-${String(day).padStart(2, '0')}T02:00:00Z`);

describe('whose a snapshot is', () => {
  it.each([
    ['no metadata', { ...owned('2026-11-24T02:00:00Z', { id: 's' }), metadata: {} }, 'foreign: it does not bear our mark'],
    ['half a mark', { ...owned('2026-11-24T02:00:00Z', { id: 's' }), metadata: { snapkeep_instance: 'prod', snapkeep_policy: 'nightly' } }, 'foreign: it does not bear our mark'],
    ['another installation', owned('2026-11-24T02:00:00Z', { id: 's', instance: 'other' }), 'belongs to instance other'],
    ['another policy', owned('2026-11-24T02:00:00Z', { id: 's', policy: 'weekly' }), 'belongs to policy weekly'],
    ['one whose name only begins alike', owned('2026-11-24T02:00:00Z', { id: 's', policy: 'nightly2' }), 'belongs to policy nightly2'],
    ['another case', owned('2026-11-24T02:00:00Z', { id: 's', instance: 'Prod' }), 'belongs to instance Prod'],
    ['the reserved name', owned('2026-11-24T02:00:00Z', { id: 's', name: 'autobk_snapshot_vbs_1' }), 'reserved: its name begins with autobk_snapshot_'],
    ['the mark of a backup', owned('2026-11-24T02:00:00Z', { id: 's', more: { __system__enableActive: '' } }), 'made by a backup: it bears __system__enableActive'],
    ['an error of another installation', owned('2026-11-24T02:00:00Z', { id: 's', instance: 'other', status: 'error' }), 'belongs to instance other'],
    ['held by another installation', owned('2026-11-24T02:00:00Z', { id: 's', instance: 'other', hold: true }), 'belongs to instance other'],
  ])('%s: neither counted nor touched', (_what, snapshot, reason) => {
    const older = owned('2026-11-23T02:00:00Z', { id: 'older' });

    expect(lines(decide([snapshot, older]))).toEqual([`s: ignore: ${reason}`, 'older: keep: last, newest good']);
  });

  it('goes by the mark, whatever the name', () => {
    expect(lines(decide([owned('2026-11-24T02:00:00Z', { id: 's', name: null })]))).toEqual(['s: keep: last, newest good']);
  });
});

describe('what became of a snapshot', () => {
  it.each(['creating', 'backing-up', 'rollbacking', 'deleting', 'error_deleting', 'restoring', 'AVAILABLE', ''])('status "%s" is left alone and not counted', (status) => {
    const [odd, older] = [owned('2026-11-24T02:00:00Z', { id: 's', status }), owned('2026-11-23T02:00:00Z', { id: 'older' })];

    expect(lines(decide([odd, older]))).toEqual([`s: ignore: status ${status}`, 'older: keep: last, newest good']);
  });

  it('a failed one goes, a held failed one stays, neither is counted', () => {
    const failed = owned('2026-11-25T02:00:00Z', { id: 'failed', status: 'error' });
    const held = owned('2026-11-24T02:00:00Z', { id: 'held', status: 'error', hold: true });

    expect(lines(decide([failed, held, owned('2026-11-23T02:00:00Z', { id: 'good' })]))).toEqual([
      'failed: delete (failed): never became good',
      'held: keep: held',
      'good: keep: last, newest good',
    ]);
  });

  it('a held good one stays and takes its bucket', () => {
    const held = owned('2026-11-24T14:00:00Z', { id: 'held', hold: true });
    const old = owned('2020-01-01T02:00:00Z', { id: 'old', hold: true });
    const others = [owned('2026-11-25T02:00:00Z', { id: 'b' }), owned('2026-11-24T02:00:00Z', { id: 'a' })];

    expect(lines(decide([held, old, ...others], { rules: rules({ daily: 2 }) }))).toEqual([
      'held: keep: held, daily 2026-11-24',
      'old: keep: held',
      'b: keep: daily 2026-11-25, newest good',
      'a: delete (expired): no rule keeps it',
    ]);
  });
});

describe('two good ones of one run', () => {
  const due = '2026-11-24T02:00:00Z';

  it('the older stays in the game, the other takes no place', () => {
    const younger = owned(due, { id: 'a', createdAt: at('2026-11-24T02:05:00Z') });
    const older = owned(due, { id: 'b', createdAt: at('2026-11-24T02:01:00Z') });

    expect(lines(decide([younger, older, ...days(23, 22).map((day) => owned(day))], { rules: rules({ last: 2 }) }))).toEqual([
      'a: delete (duplicate): duplicate of b',
      'b: keep: last, newest good',
      '2026-11-23T02:00:00Z: keep: last',
      '2026-11-22T02:00:00Z: delete (expired): no rule keeps it',
    ]);
  });

  it('of two made at one time the smaller id stays; one without a time is the youngest', () => {
    const [a, b, c] = [owned(due, { id: 'a', createdAt: null }), owned(due, { id: 'b' }), owned(due, { id: 'c' })];

    expect(lines(decide([c, a, b]))).toEqual(['c: delete (duplicate): duplicate of b', 'a: delete (duplicate): duplicate of b', 'b: keep: last, newest good']);
  });

  it('a held one stays, whichever it is', () => {
    const [older, younger] = [owned(due, { id: 'a' }), owned(due, { id: 'b', hold: true })];

    expect(lines(decide([older, younger]))).toEqual(['a: keep: last, newest good', 'b: keep: held']);
  });

  it('goes without retention rules, too', () => {
    expect(lines(decide([owned(due, { id: 'a' }), owned(due, { id: 'b' })], { rules: null }))).toEqual(['a: keep: no retention rules', 'b: delete (duplicate): duplicate of a']);
  });

  it('one that is not good makes no duplicate', () => {
    expect(lines(decide([owned(due, { id: 'a', status: 'creating' }), owned(due, { id: 'b' })]))).toEqual(['a: ignore: status creating', 'b: keep: last, newest good']);
  });

  it('the same run with another due time was marked by somebody else: no duplicate', () => {
    const copied = owned('2026-11-25T02:00:00Z', { id: 'b', runId: 'r0123456789abcdef0123456789abcdef' });
    const first = owned(due, { id: 'a', runId: 'r0123456789abcdef0123456789abcdef' });

    expect(idsOf(decide([copied, first], { rules: rules({ last: 2 }) }), 'keep')).toEqual(['b', 'a']);
  });
});

describe('one snapshot listed twice', () => {
  it('is one snapshot: no duplicate of itself, and it takes one place', () => {
    const [newest, older] = [owned('2026-11-24T02:00:00Z', { id: 'a' }), owned('2026-11-23T02:00:00Z', { id: 'b' })];

    expect(lines(decide([newest, older, newest], { rules: rules({ last: 2 }) }))).toEqual(['a: keep: last, newest good', 'b: keep: last', 'a: keep: last, newest good']);
  });

  it('is left alone where it changed meanwhile', () => {
    const [was, is] = [owned('2026-11-23T02:00:00Z', { id: 'a' }), owned('2026-11-23T02:00:00Z', { id: 'a', hold: true })];
    const changed = 'a: ignore: changed while the snapshots were listed';

    expect(lines(decide([owned('2026-11-24T02:00:00Z', { id: 'b' }), was, is, was]))).toEqual(['b: keep: last, newest good', changed, changed, changed]);
  });
});

describe('now', () => {
  const dues = days(21, 22, 23).map((day) => owned(day));
  const zoned = { rules: rules({ last: 1, within: durationMs(86_400_000) }) };

  it('ages nothing: years later the same stays', () => {
    const soon = decide(dues, { ...zoned, now: at('2026-11-23T02:00:00Z') });

    expect(lines(soon)).toEqual([
      '2026-11-21T02:00:00Z: delete (expired): no rule keeps it',
      '2026-11-22T02:00:00Z: keep: within 1d',
      '2026-11-23T02:00:00Z: keep: last, within 1d, newest good',
    ]);
    expect(decide(dues, { ...zoned, now: at('2036-11-23T02:00:00Z') })).toEqual(soon);
  });

  it('what is due after it stays, takes no place and is not what ages count from', () => {
    const [twin, heldOne] = [owned('2026-11-23T02:00:00Z', { id: 'twin' }), owned('2026-12-01T02:00:00Z', { id: 'held', hold: true })];

    expect(lines(decide([...dues, twin, heldOne], { ...zoned, now: at('2026-11-23T01:59:59.999Z') }))).toEqual([
      '2026-11-21T02:00:00Z: keep: within 1d',
      '2026-11-22T02:00:00Z: keep: last, within 1d, newest good',
      '2026-11-23T02:00:00Z: keep: due in the future',
      'twin: keep: due in the future',
      'held: keep: held, due in the future',
    ]);
  });
});

describe('rules', () => {
  it.each([['null', null], ['all zero', rules({})]])('%s keep everything', (_what, none) => {
    expect(lines(decide([owned('2020-01-01T00:00:00Z', { id: 'a', hold: true }), owned('2026-01-01T00:00:00Z', { id: 'b' })], { rules: none }))).toEqual([
      'a: keep: held, no retention rules',
      'b: keep: no retention rules',
    ]);
  });

  it.each(['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'] as const)('%s alone is a rule', (rule) => {
    expect(idsOf(decide([owned('2020-01-01T00:00:00Z', { id: 'old' }), owned('2026-01-01T00:00:00Z')], { rules: rules({ [rule]: 1 }) }), 'delete')).toEqual(['old']);
  });

  it('within holds at its very end and not a second beyond', () => {
    const [edge, beyond, newest] = ['2026-11-17T02:00:00Z', '2026-11-17T01:59:59Z', '2026-11-24T02:00:00Z'].map((due) => owned(due));

    expect(lines(decide([edge, beyond, newest].filter((each) => each !== undefined), { rules: rules({ within: durationMs(7 * 86_400_000) }) }))).toEqual([
      '2026-11-17T02:00:00Z: keep: within 1w',
      '2026-11-17T01:59:59Z: delete (expired): no rule keeps it',
      '2026-11-24T02:00:00Z: keep: within 1w, newest good',
    ]);
  });

  it('of one bucket the newest stays, and days without a snapshot do not count', () => {
    const dues = ['2026-01-05T01:00:00Z', '2026-01-05T23:00:00Z', '2026-03-01T12:00:00Z', '2026-11-24T02:00:00Z', '2026-11-24T03:00:00Z'];

    expect(idsOf(decide(dues.map((due) => owned(due)), { rules: rules({ daily: 3 }) }), 'keep')).toEqual([dues[1], dues[2], dues[4]]);
  });

  it('one snapshot may have every reason', () => {
    const all = rules({ last: 1, hourly: 1, daily: 1, weekly: 1, monthly: 1, yearly: 1, within: durationMs(90_000) });

    expect(lines(decide([owned('2026-11-24T02:00:00Z', { id: 's' })], { rules: all, timezone: 'America/Sao_Paulo' }))).toEqual([
      's: keep: last, hourly 2026-11-23T23, daily 2026-11-23, weekly 2026-W48, monthly 2026-11, yearly 2026, within 90s, newest good',
    ]);
  });
});

test('nothing listed, nothing decided', () => {
  expect(decide([])).toEqual([]);
});

test('a zone that is not known is an error, never the zone of the machine', () => {
  expect(() => decide([owned('2026-11-24T02:00:00Z')], { rules: rules({ daily: 1 }), timezone: 'Mars/Olympus' })).toThrow(RangeError);
});
