import { describe, expect, test } from 'vitest';
import { Ledger, type LedgerRequest } from '../../src/simulator/state/ledger.ts';
import { scene } from './cloud-client.ts';

describe('what the ledger tells', () => {
  test('each request in order, with what it was about and what was answered', async () => {
    const { client, sim, volumeId } = await scene({ creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 0, maxMs: 0 } });
    const id = await client.createdId(volumeId, { name: 'n', metadata: { run: 'r1' } });
    await client.get(`/snapshots/${id}?x=1`);
    await client.send('DELETE', `/snapshots/${id}`);
    await client.create({ volume_id: volumeId, name: 5 });

    const requests = sim.ledger.requests();

    expect(requests.map((request) => [request.n, request.operation, request.method, request.status, request.code])).toEqual([
      [1, 'auth', 'POST', 201, undefined],
      [2, 'create', 'POST', 202, undefined],
      [3, 'show', 'GET', 200, undefined],
      [4, 'delete', 'DELETE', 202, undefined],
      [5, 'create', 'POST', 400, 'EVS.5400'],
    ]);
    expect(requests[1]).toMatchObject({
      at: Date.parse('2026-11-24T02:00:00Z'),
      path: `/v3/${sim.projectId}/snapshots`,
      volumeId,
      snapshotId: id,
      body: { snapshot: { volume_id: volumeId, name: 'n', metadata: { run: 'r1' } } },
    });
    expect(requests[2]).toMatchObject({ query: 'x=1', volumeId, snapshotId: id });
    expect(requests[2]?.body).toBeUndefined();
    expect(requests[4]).toMatchObject({ volumeId });
  });

  test('effects: made and gone, with metadata and the request that caused them', async () => {
    const { client, sim, clock, volumeId } = await scene({ creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 1500, maxMs: 1500 } });
    const id = await client.createdId(volumeId, { metadata: { run: 'r1' } });
    sim.putSnapshot({ volume: volumeId });
    await client.send('DELETE', `/snapshots/${id}`);
    clock.forward(9000);
    await client.get('/snapshots');

    expect(sim.ledger.effects()).toMatchObject([
      { n: 1, kind: 'snapshot-created', snapshotId: id, volumeId, metadata: { run: 'r1' }, requestN: 2, cause: 'request' },
      { n: 2, kind: 'snapshot-created', requestN: 0, cause: 'injected' },
      // At the time it really went, not when somebody looked.
      { n: 3, kind: 'snapshot-deleted', snapshotId: id, at: Date.parse('2026-11-24T02:00:01.500Z'), requestN: 3 },
    ]);
    expect(sim.ledger.committedCreates()).toHaveLength(1);
    expect(sim.ledger.deletes({ volumeId })).toHaveLength(1);
    expect(sim.ledger.deletes({ volumeId: 'other' })).toEqual([]);
  });

  test('filters', async () => {
    const { client, sim, volumeId } = await scene({ creation: { minMs: 0, maxMs: 0 }, faults: [{ operation: 'create', nth: 2, effect: { kind: 'html-502' } }] });
    await client.create({ volume_id: volumeId });
    await client.create({ volume_id: volumeId });
    await client.get('/snapshots');

    const numbers = (requests: readonly LedgerRequest[]) => requests.map((request) => request.n);
    expect(numbers(sim.ledger.requests({ operation: 'create' }))).toEqual([2, 3]);
    expect(numbers(sim.ledger.creates({ status: 502 }))).toEqual([3]);
    expect(numbers(sim.ledger.requests({ faulted: true }))).toEqual([3]);
    expect(numbers(sim.ledger.requests({ faulted: false }))).toEqual([1, 2, 4]);
    expect(numbers(sim.ledger.requests({ method: 'GET' }))).toEqual([4]);
    expect(numbers(sim.ledger.requests({ volumeId }))).toEqual([2, 3]);
    expect(numbers(sim.ledger.requests({ code: 'HTTP_502' }))).toEqual([3]);
    expect(numbers(sim.ledger.requests({ afterN: 3 }))).toEqual([4]);
  });

  test('the most that were open at once', async () => {
    const { client, sim } = await scene({ volumes: 5, faults: [{ operation: 'create', effect: { kind: 'hang' } }] });

    const pending = Promise.allSettled(sim.volumes().map((volume) => client.create({ volume_id: volume.id })));
    while (sim.ledger.creates().length < 5) await client.get('/snapshots');
    await sim.close();
    await pending;

    expect(sim.ledger.peakInFlight('create')).toBe(5);
    // One after another, each answered before the next.
    expect(sim.ledger.peakInFlight('list')).toBe(1);
    expect(sim.ledger.peakInFlight('delete')).toBe(0);
  });
});

describe('bounded memory', () => {
  function request(n: number): LedgerRequest {
    return { n, at: 0, operation: n % 2 === 0 ? 'create' : 'list', method: 'GET', path: '/', query: '', status: 200, requestId: '' };
  }

  test('only the last ones are kept; the counters stay exact', () => {
    const ledger = new Ledger({ maxRequests: 3, maxEffects: 2 });
    for (let n = 1; n <= 10; n += 1) {
      ledger.recordRequest(request(n));
      ledger.recordEffect({ at: 0, kind: 'snapshot-created', snapshotId: String(n), volumeId: '', name: null, metadata: {}, requestN: n, cause: 'request' });
    }

    expect(ledger.requests().map((entry) => entry.n)).toEqual([8, 9, 10]);
    expect(ledger.effects().map((entry) => entry.snapshotId)).toEqual(['9', '10']);
    expect([ledger.count(), ledger.count({ operation: 'create' }), ledger.count({ operation: 'list', status: 200 }), ledger.count({ status: 404 })]).toEqual([10, 5, 5, 0]);
    expect([ledger.countEffects('snapshot-created'), ledger.countEffects('snapshot-deleted')]).toEqual([10, 0]);
  });
});
