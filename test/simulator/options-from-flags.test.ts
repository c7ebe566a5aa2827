import { describe, expect, test } from 'vitest';
import { optionsFromFlags, parseDuration, parseRange } from '../../src/simulator/options-from-flags.ts';
import { scene } from './cloud-client.ts';

test('no flags: the defaults of the simulator', () => {
  expect(optionsFromFlags({})).toEqual({ faults: [] });
});

test('every flag', () => {
  const options = optionsFromFlags({
    port: '8776',
    host: '0.0.0.0',
    volumes: '100',
    flavour: 'cinder',
    creation: '1s..3s',
    deletion: '500ms',
    seed: '42',
    refuse: '1',
    failFirst: '2',
    throttle: '10/s',
    tokenLife: '60s',
    fault: ['{"operation":"list","effect":"hang"}', '[{"effect":"EVS.5500"}]'],
  });

  expect(options).toEqual({
    port: 8776,
    host: '0.0.0.0',
    volumes: 100,
    flavour: 'cinder',
    creation: { minMs: 1000, maxMs: 3000 },
    deletion: { minMs: 500, maxMs: 500 },
    seed: 42,
    tokenLifeMs: 60_000,
    rateLimit: { requests: 10, perMs: 1000 },
    faults: [
      { operation: 'list', effect: { kind: 'hang' } },
      { operation: '*', effect: { kind: 'code', code: 'EVS.5500' } },
      {
        id: 'refuse',
        operation: 'create',
        volume: ['vol-0001'],
        effect: { kind: 'code', code: 'badRequest', message: 'Invalid volume: The snapshot cannot be created when the volume is in error status.' },
      },
      { id: 'fail-first', operation: 'create', volume: ['vol-0002', 'vol-0003'], perVolume: true, everyNth: 2, startAt: 1, effect: { kind: 'snapshot-error' } },
    ],
  });
});

test.each([
  [{ port: '65536' }, '--port'],
  [{ port: 'x' }, '--port'],
  [{ volumes: '-1' }, '--volumes'],
  [{ flavour: 'aws' }, '--flavour: want evs or cinder, got "aws"'],
  [{ creation: '3s..1s' }, '--creation: the range "3s..1s" ends before it begins'],
  [{ creation: '3' }, '--creation: want a duration such as 30s or 5m, got "3"'],
  [{ seed: '1.5' }, '--seed'],
  [{ refuse: 'all' }, '--refuse'],
  [{ errorRate: '1.5' }, '--error-rate'],
  [{ errorRate: '' }, '--error-rate'],
  [{ throttle: '10' }, '--throttle: want a rate such as 10/s, got "10"'],
  [{ throttle: '0/s' }, '--throttle'],
  [{ tokenLife: '60' }, '--token-life'],
  [{ fault: ['{'] }, '--fault: not JSON: {'],
  [{ fault: ['{"effect":"x"}'] }, '--fault: unknown effect: x'],
])('%j is refused and says which flag', (flags, message) => {
  expect(() => optionsFromFlags(flags)).toThrow(message);
});

test.each([
  ['1ms', 1],
  ['1.5s', 1500],
  ['2m', 120_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration('--x', text)).toBe(ms);
});

test('one duration is a range of one', () => {
  expect(parseRange('--x', '2s')).toEqual({ minMs: 2000, maxMs: 2000 });
});

describe('what the fault flags do', () => {
  test('--refuse 1 --fail-first 1: the first volume never, the second on every other try, the third always', async () => {
    const { client, sim } = await scene({ creation: { minMs: 0, maxMs: 0 }, ...optionsFromFlags({ refuse: '1', failFirst: '1' }) });
    const outcomes: string[] = [];
    for (const volume of sim.volumes()) {
      for (let n = 0; n < 3; n += 1) {
        const answer = await client.create({ volume_id: volume.id });
        outcomes.push(answer.status === 202 ? (sim.snapshots({ volumeId: volume.id })[0]?.status ?? '') : String(answer.status));
      }
    }

    expect(outcomes).toEqual(['400', '400', '400', 'error', 'available', 'error', 'available', 'available', 'available']);
  });

  test.each([
    ['evs', 'EVS.5500'],
    ['cinder', 'computeFault'],
  ])('--error-rate 1 on %s: every storage call fails, logins do not', async (flavour, code) => {
    const { client, sim, volumeId } = await scene({ ...optionsFromFlags({ flavour, errorRate: '1' }) });

    await client.create({ volume_id: volumeId });
    await client.get('/snapshots');

    expect(sim.ledger.requests().map((request) => [request.operation, request.status, request.code])).toEqual([
      ['auth', 201, undefined],
      ['create', 500, code],
      ['list', 500, code],
    ]);
  });
});
