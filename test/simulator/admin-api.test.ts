import { describe, expect, test } from 'vitest';
import { at, scene, textAt } from './cloud-client.ts';

describe('driving the simulator from another process', () => {
  test('faults: add, list, remove one, clear', async () => {
    const { client, volumeId } = await scene();

    const added = await client.control('POST', 'faults', [
      { id: 'a', operation: 'create', effect: 'html-502' },
      { id: 'b', operation: 'list', effect: 'EVS.5500' },
    ]);
    const refused = await client.create({ volume_id: volumeId });
    const removed = await client.control('DELETE', 'faults/a');
    const accepted = await client.create({ volume_id: volumeId });
    const listed = await client.control('GET', 'faults');
    await client.control('DELETE', 'faults');

    expect([added.status, refused.status, removed.json, accepted.status]).toEqual([201, 502, { removed: 1 }, 202]);
    expect(at(listed.json, 'faults', 0, 'rule', 'id')).toBe('b');
    expect((await client.get('/snapshots')).status).toBe(200);
  });

  test('ledger: filtered, with the effects, and not showing these controls', async () => {
    const { client, volumeId, sim } = await scene();
    const id = await client.createdId(volumeId, { metadata: { run: 'r' } });
    await client.get('/snapshots');

    const all = await client.control('GET', 'ledger');
    const some = await client.control('GET', `ledger?operation=create&status=202&volumeId=${volumeId}&method=POST&afterN=1&limit=5`);
    const none = await client.control('GET', `ledger?operation=create&code=EVS.5400`);

    expect(at(all.json, 'count')).toBe(3);
    expect(some.json).toMatchObject({ requests: [{ n: 2, snapshotId: id }], effects: [{ kind: 'snapshot-created', snapshotId: id, metadata: { run: 'r' } }] });
    expect(at(none.json, 'requests')).toEqual([]);
    expect(sim.ledger.count()).toBe(3);
  });

  test('state', async () => {
    const { client, volumeId } = await scene({ creation: { minMs: 1, maxMs: 1 } });
    await client.createdId(volumeId);

    expect((await client.control('GET', 'state')).json).toMatchObject({
      flavour: 'evs',
      volumes: 3,
      snapshots: 1,
      snapshotsByStatus: { creating: 1 },
      snapshotsCreated: 1,
      requestsByOperation: { create: 1, auth: 1 },
    });
  });

  test('volumes: add, change, remove', async () => {
    const { client, sim } = await scene({ volumes: 0 });

    const added = await client.control('POST', 'volumes', { name: 'extra', size: 5, tags: { a: 'b' }, metadata: { c: 'd' }, availabilityZone: 'z', volumeType: 't' });
    await client.control('POST', 'volumes/extra/status', { status: 'in-use' });
    const listed = await client.control('GET', 'volumes');
    const removed = await client.control('DELETE', 'volumes/extra');

    expect(added.status).toBe(201);
    expect(listed.json).toMatchObject({ volumes: [{ name: 'extra', size: 5, status: 'in-use', tags: { a: 'b' }, metadata: { c: 'd' }, availabilityZone: 'z', volumeType: 't' }] });
    expect([removed.json, sim.volumes()]).toEqual([{ removed: true }, []]);
  });

  test('snapshots: inject, change', async () => {
    const { client } = await scene();

    const added = await client.control('POST', 'snapshots', { volume: 'vol-0002', name: 'foreign', createdAt: Date.parse('2026-01-01T00:00:00Z'), metadata: { x: 'y' } });
    const id = textAt(added.json, 'snapshot', 'id');
    await client.control('POST', `snapshots/${id}/status`, { status: 'error' });
    const listed = await client.control('GET', 'snapshots');

    expect(listed.json).toMatchObject({ snapshots: [{ id, name: 'foreign', status: 'error', metadata: { x: 'y' }, createdAt: Date.parse('2026-01-01T00:00:00Z') }] });
    expect((await client.get(`/snapshots/${id}`)).json).toMatchObject({ snapshot: { created_at: '2026-01-01T00:00:00.000000', status: 'error' } });
  });

  test('tokens: all past their time', async () => {
    const { client } = await scene();

    await client.control('POST', 'expire-tokens');

    expect((await client.get('/snapshots')).status).toBe(401);
  });

  test('settings: changed while running', async () => {
    const { client, sim, volumeId } = await scene();

    const changed = await client.control('POST', 'settings', {
      snapshotsPerVolume: null,
      projectSnapshotQuota: 0,
      projectGigabytesQuota: 100,
      creation: { minMs: 1, maxMs: 2 },
      deletion: { minMs: 3, maxMs: 4 },
      visibilityDelayMs: 5,
      latencyMs: { '*': 0 },
      rateLimit: { requests: 100, perMs: 1000, retryAfter: 'seconds', methods: ['POST'] },
      legacyCreationDisabled: false,
    });
    const refused = await client.create({ volume_id: volumeId });
    await client.control('POST', 'settings', { projectSnapshotQuota: null, rateLimit: null });
    const accepted = await client.create({ volume_id: volumeId });

    expect([changed.status, refused.status, accepted.status]).toEqual([200, 413, 202]);
    expect((await client.control('GET', 'settings')).json).toEqual({ settings: sim.settings() });
    expect(sim.settings()).toMatchObject({ visibilityDelayMs: 5, rateLimit: null, snapshotsPerVolume: null });
  });

  test.each([
    ['POST', 'settings', { nope: 1 }, 'unknown setting: nope'],
    ['POST', 'settings', { creation: 5 }, 'an object is wanted'],
    ['POST', 'settings', { visibilityDelayMs: -1 }, 'visibilityDelayMs must be a number, 0 or more'],
    ['POST', 'faults', { effect: 'nope' }, 'unknown effect: nope'],
    ['POST', 'faults', '{', 'the body must be JSON'],
    ['POST', 'snapshots', {}, 'volume must be an id or a name'],
    ['POST', 'snapshots', { volume: 'nope' }, 'no such volume: nope'],
    ['POST', 'snapshots/nope/status', { status: 'error' }, 'no such snapshot: nope'],
    ['POST', 'volumes/nope/status', { status: 'error' }, 'no such volume: nope'],
    ['POST', 'volumes/vol-0001/status', {}, 'status must be a string'],
    ['POST', 'volumes', { name: 5 }, 'name must be a string'],
    ['GET', 'ledger?operation=nope', undefined, 'unknown operation: nope'],
  ])('%s %s %j is refused', async (method, path, body, message) => {
    const { client } = await scene();

    const answer = await client.control(method, path, body);

    expect([answer.status, textAt(answer.json, 'error')]).toEqual([400, expect.stringContaining(message)]);
  });

  test('an unknown control is 404', async () => {
    const { client } = await scene();

    expect((await client.control('GET', 'nope')).status).toBe(404);
  });
});

describe('driving it from the same process', () => {
  test('ids are unique, names and unknown ones are told apart', async () => {
    const { sim, volumeId } = await scene();
    const { id } = sim.putSnapshot({ volume: 'vol-0001' });

    expect(() => sim.putSnapshot({ volume: 'vol-0001', id })).toThrow('exists already');
    expect(() => sim.addVolume({ id: volumeId })).toThrow('exists already');
    expect(() => sim.setVolumeStatus('nope', 'error')).toThrow('no such volume');
    expect(sim.removeVolume('nope')).toBe(false);
    expect(sim.snapshots({ volumeId })).toHaveLength(1);
    expect(sim.snapshots({ volumeId: 'nope' })).toEqual([]);
  });

  test('a changed status wins over a deletion that is under way', async () => {
    const { sim, client, clock } = await scene({ deletion: { minMs: 1000, maxMs: 1000 } });
    const { id } = sim.putSnapshot({ volume: 'vol-0001' });
    await client.send('DELETE', `/snapshots/${id}`);

    sim.setSnapshotStatus(id, 'error_deleting');
    clock.forward(5000);

    expect(await client.statusOf(id)).toBe('error_deleting');
  });

  test('await using closes it', async () => {
    const { startSimulator } = await import('../../src/simulator/start-simulator.ts');
    let url: string;
    {
      await using sim = await startSimulator({ volumes: 1 });
      url = sim.url;
      expect((await fetch(`${url}/v3`)).status).toBe(200);
    }

    await expect(fetch(`${url}/v3`)).rejects.toThrow('fetch failed');
  });
});
