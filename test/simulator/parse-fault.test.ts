import { describe, expect, test } from 'vitest';
import { parseFault } from '../../src/simulator/faults/parse-fault.ts';
import { faultCodes } from '../../src/simulator/start-simulator.ts';
import { errorOf, scene } from './cloud-client.ts';

const fast = { creation: { minMs: 0, maxMs: 0 } } as const;

describe('rules as JSON', () => {
  test.each([
    [{ operation: 'create', effect: 'hang' }, { operation: 'create', effect: { kind: 'hang' } }],
    [{ effect: 'EVS.5413' }, { operation: '*', effect: { kind: 'code', code: 'EVS.5413' } }],
    [
      { operation: 'list', id: 'a', volume: ['x', 'y*'], nth: [1, 2], everyNth: 3, startAt: 1, perVolume: true, probability: 0.5, times: 4, effect: { kind: 'delay', delayMs: 5, commit: 'after' } },
      { operation: 'list', id: 'a', volume: ['x', 'y*'], nth: [1, 2], everyNth: 3, startAt: 1, perVolume: true, probability: 0.5, times: 4, effect: { kind: 'delay', delayMs: 5, commit: 'after' } },
    ],
    [{ effect: { kind: 'respond', status: 500, body: 'x', headers: { A: 'b' } } }, { operation: '*', effect: { kind: 'respond', status: 500, body: 'x', headers: { A: 'b' } } }],
    [{ effect: { kind: 'commit-then-504', commitAfterMs: 9 } }, { operation: '*', effect: { kind: 'commit-then-504', commitAfterMs: 9 } }],
    [{ effect: { kind: 'hang', commit: true } }, { operation: '*', effect: { kind: 'hang', commit: true } }],
    [{ effect: { kind: 'slow-body', delayMs: 9 } }, { operation: '*', effect: { kind: 'slow-body', delayMs: 9 } }],
    [{ effect: { kind: 'code', code: 'EVS.5500', message: 'm', status: 501 } }, { operation: '*', effect: { kind: 'code', code: 'EVS.5500', message: 'm', status: 501 } }],
  ])('%j', (json, rule) => {
    expect(parseFault(json)).toEqual(rule);
  });

  test.each([
    ['text', 'a fault must be an object'],
    [{ operation: 'nope', effect: 'hang' }, 'unknown operation: "nope"'],
    [{ effect: 'nope' }, 'unknown effect: nope'],
    [{ effect: { kind: 'nope' } }, 'unknown effect: nope'],
    [{ effect: 5 }, 'effect must be a string or an object'],
    [{ effect: { kind: 'respond' } }, 'respond wants a status'],
    [{ effect: { kind: 'code', code: 'EVS.9' } }, 'unknown code: EVS.9'],
    [{ effect: { kind: 'delay' } }, 'delay wants delayMs'],
    [{ effect: 'hang', nth: [1] }, 'nth must be a number or [from, to]'],
    [{ effect: 'hang', times: -1 }, 'times must be a number, 0 or more'],
    [{ effect: 'hang', volume: 5 }, 'volume must be a string or a list of strings'],
    [{ effect: 'hang', id: 5 }, 'id must be a string'],
  ])('%j is refused', (json, message) => {
    expect(() => parseFault(json)).toThrow(message);
  });

  test('every named code can be asked for', async () => {
    const { client, sim, volumeId } = await scene(fast);

    for (const code of faultCodes) {
      sim.faults.clear();
      sim.faults.add(parseFault({ operation: 'create', effect: code }));
      const answer = await client.create({ volume_id: volumeId });
      expect([code, answer.status >= 400, errorOf(answer).code]).toEqual([code, true, code]);
    }
    expect(faultCodes.length).toBeGreaterThan(40);
  });
});
