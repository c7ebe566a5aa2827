import { describe, expect, test } from 'vitest';
import { at, errorOf, idsIn, scene, textAt } from './cloud-client.ts';

const twoSeconds = { creation: { minMs: 2000, maxMs: 2000 }, deletion: { minMs: 1000, maxMs: 1000 } } as const;

describe('life of a snapshot', () => {
  test('202, creating until its time is up, then available', async () => {
    const { client, clock, volumeId } = await scene(twoSeconds);

    const id = await client.createdId(volumeId);
    clock.forward(1999);
    const before = await client.statusOf(id);
    clock.forward(1);

    expect([before, await client.statusOf(id)]).toEqual(['creating', 'available']);
  });

  test('delete: 202 without a body, deleting, then 404', async () => {
    const { client, clock, volumeId, sim } = await scene({ ...twoSeconds, flavour: 'cinder' });
    const id = await client.createdId(volumeId);
    clock.forward(2000);

    const answer = await client.send('DELETE', `/snapshots/${id}`);
    const right = await client.statusOf(id);
    clock.forward(1000);
    const gone = await client.get(`/snapshots/${id}`);

    expect([answer.status, answer.text, answer.headers.get('content-length')]).toEqual([202, '', '0']);
    expect(answer.headers.get('content-type')).toContain('text/html');
    expect(right).toBe('deleting');
    expect(gone.json).toEqual({ itemNotFound: { code: 404, message: `Snapshot ${id} could not be found.` } });
    expect(sim.ledger.deletes()).toMatchObject([{ snapshotId: id, volumeId, cause: 'request' }]);
  });

  test.each([
    ['evs', 'EVS.1047', 'snapshot status must be available or error when delete snapshot!'],
    ['cinder', 'badRequest', 'Invalid snapshot: Snapshot status must be available or error and must not be part of a group.'],
  ] as const)('%s refuses to delete in any other state', async (flavour, code, message) => {
    const { client, sim, volumeId } = await scene({ ...twoSeconds, flavour });
    const id = await client.createdId(volumeId);

    for (const status of ['creating', 'deleting', 'error_deleting', 'backing-up']) {
      if (status !== 'creating') sim.setSnapshotStatus(id, status);
      const answer = await client.send('DELETE', `/snapshots/${id}`);
      expect([answer.status, errorOf(answer)]).toEqual([400, { code, message }]);
    }

    expect(sim.snapshots()).toHaveLength(1);
  });

  test('a failed snapshot can be deleted; of ten deletes at once one is accepted', async () => {
    const { client, sim, volumeId } = await scene(twoSeconds);
    const id = await client.createdId(volumeId);
    sim.setSnapshotStatus(id, 'error');

    const answers = await Promise.all(Array.from({ length: 10 }, () => client.send('DELETE', `/snapshots/${id}`)));

    expect(answers.map((answer) => String(answer.status)).toSorted()).toEqual(['202', ...Array.from({ length: 9 }, () => '400')]);
  });

  test('Cinder: microseconds in the 202, whole seconds ever after, never a zone letter', async () => {
    const { client, clock, volumeId } = await scene({ ...twoSeconds, flavour: 'cinder' });
    clock.forward(123);

    const created = await client.create({ volume_id: volumeId });
    const id = textAt(created.json, 'snapshot', 'id');
    const creating = await client.get(`/snapshots/${id}`);
    clock.forward(2000);
    const available = await client.get(`/snapshots/${id}`);

    expect(textAt(created.json, 'snapshot', 'created_at')).toMatch(/^2026-11-24T02:00:00\.123\d{3}$/);
    expect(creating.json).toMatchObject({
      snapshot: { created_at: '2026-11-24T02:00:00.000000', updated_at: null, 'os-extended-snapshot-attributes:progress': '0%' },
    });
    expect(available.json).toMatchObject({
      snapshot: {
        created_at: '2026-11-24T02:00:00.000000',
        updated_at: '2026-11-24T02:00:02.000000',
        'os-extended-snapshot-attributes:progress': '100%',
      },
    });
  });

  test('EVS keeps its microseconds', async () => {
    const { client, volumeId } = await scene(twoSeconds);

    const created = await client.create({ volume_id: volumeId });
    const read = await client.get(`/snapshots/${textAt(created.json, 'snapshot', 'id')}`);

    expect(textAt(read.json, 'snapshot', 'created_at')).toBe(textAt(created.json, 'snapshot', 'created_at'));
    expect(textAt(read.json, 'snapshot', 'created_at')).toMatch(/^2026-11-24T02:00:00\.000\d{3}$/);
  });

  test('late visibility: 404 and in no list just after the 202', async () => {
    const { client, clock, volumeId } = await scene({ ...twoSeconds, visibilityDelayMs: 5000 });

    const id = await client.createdId(volumeId);
    clock.forward(4999);
    const early = [await client.statusOf(id), idsIn(await client.get('/snapshots/detail')), idsIn(await client.get(`/snapshots?volume_id=${volumeId}`))];
    clock.forward(1);

    expect(early).toEqual(['404', [], []]);
    expect([await client.statusOf(id), idsIn(await client.get('/snapshots/detail'))]).toEqual(['available', [id]]);
  });

  test('a volume that goes takes its snapshots with it, also one still being made', async () => {
    const { client, sim, volumeId } = await scene(twoSeconds);
    const id = await client.createdId(volumeId);

    sim.removeVolume(volumeId);
    const again = await client.create({ volume_id: volumeId });

    expect(await client.statusOf(id)).toBe('404');
    expect(again.status).toBe(404);
    expect(sim.ledger.deletes()).toMatchObject([{ snapshotId: id, cause: 'volume-removed', requestN: 0 }]);
  });

  test('rename: any state, trimmed, and nothing else may be in it', async () => {
    const { client, volumeId } = await scene({ ...twoSeconds, flavour: 'cinder' });
    const id = await client.createdId(volumeId, { name: 'old' });

    const renamed = await client.send('PUT', `/snapshots/${id}`, { snapshot: { name: ' new ' } });
    const metadata = await client.send('PUT', `/snapshots/${id}`, { snapshot: { metadata: {} } });
    const empty = await client.send('PUT', `/snapshots/${id}`, { snapshot: {} });

    expect([renamed.status, at(renamed.json, 'snapshot', 'name'), at(renamed.json, 'snapshot', 'description')]).toEqual([200, 'new', null]);
    expect([metadata.status, empty.status]).toEqual([400, 400]);
  });

  test('backup snapshots look the part, do not count and cannot be deleted', async () => {
    const { client, sim, volumeId } = await scene({ ...twoSeconds, snapshotsPerVolume: 1 });
    const auto = sim.putSnapshot({ volume: volumeId, autoMade: true, createdAt: Date.parse('2026-11-20T00:00:00Z') });

    const refused = await client.send('DELETE', `/snapshots/${auto.id}`);
    const shown = await client.get(`/snapshots/${auto.id}`);
    const created = await client.create({ volume_id: volumeId });

    expect(refused.status).toBe(400);
    expect(textAt(shown.json, 'snapshot', 'name')).toMatch(/^autobk_snapshot_/);
    expect(shown.json).toMatchObject({ snapshot: { metadata: { __system__enableActive: 'true' }, created_at: '2026-11-20T00:00:00.000000' } });
    expect(created.status).toBe(202);
    expect(sim.ledger.committedCreates()).toHaveLength(1);
  });

  test('every answer has a request id', async () => {
    const evs = await scene();
    const cinder = await scene({ flavour: 'cinder' });

    const first = await evs.client.get('/snapshots');
    const second = await cinder.client.get('/snapshots');

    expect(first.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(first.headers.get('server')).toBe('api-gateway');
    expect(second.headers.get('x-openstack-request-id')).toMatch(/^req-[0-9a-f-]{36}$/);
    expect(second.headers.get('x-compute-request-id')).toBe(second.headers.get('x-openstack-request-id'));
    expect(second.headers.get('openstack-api-version')).toBe('volume 3.0');
    expect(evs.sim.ledger.requests({ operation: 'list' })).toMatchObject([{ requestId: first.headers.get('x-request-id') }]);
  });
});

describe('the same seed', () => {
  test('gives the same ids, whatever faults and logins there are', async () => {
    const one = await scene({ seed: 7, volumes: 4 });
    const two = await scene({ seed: 7, volumes: 4, faults: [{ operation: 'list', probability: 0.5, effect: { kind: 'html-502' } }] });
    const other = await scene({ seed: 8, volumes: 4 });
    await two.client.get('/snapshots');

    const ids = [await one.client.createdId(one.volumeId), await two.client.createdId(two.volumeId)];

    expect(ids[0]).toBe(ids[1]);
    expect(one.sim.volumes().map((volume) => volume.name)).toEqual(['vol-0001', 'vol-0002', 'vol-0003', 'vol-0004']);
    expect(two.sim.volumes()).toEqual(one.sim.volumes());
    expect(other.volumeId).not.toBe(one.volumeId);
  });
});
