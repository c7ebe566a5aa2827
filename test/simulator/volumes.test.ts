import { describe, expect, test } from 'vitest';
import { at, errorOf, idsIn, scene, textAt } from './cloud-client.ts';

const fleet = [
  { name: 'db-1', tags: { backup: 'daily', tier: 'gold' }, metadata: { env: 'prod' }, availabilityZone: 'eu-west-101a', createdAt: 1000 },
  { name: 'db-2', tags: { backup: 'weekly' }, status: 'in-use', size: 40, availabilityZone: 'eu-west-101b', createdAt: 2000 },
  { name: 'web', volumeType: 'SAS', createdAt: 3000 },
] as const;

describe('listing', () => {
  test('newest first; the Cinder form has no tags, the native one has, with a count', async () => {
    const { client, sim } = await scene({ volumes: fleet });
    const native = `${sim.url}/v2/${sim.projectId}/cloudvolumes`;

    const plain = await client.get('/volumes/detail');
    const own = await client.get(`${native}/detail?limit=1`);

    expect(idsIn(plain, 'volumes')).toEqual(sim.volumes().map((volume) => volume.id).toReversed());
    expect(at(plain.json, 'volumes', 2, 'tags')).toBeUndefined();
    expect(own.json).toMatchObject({ count: 3, volumes: [{ name: 'web', tags: {}, service_type: 'EVS', enterprise_project_id: '0', volume_type: 'SAS' }] });
    expect((await client.get(`${native}/${sim.volumes()[0]?.id ?? ''}`)).json).toMatchObject({ volume: { tags: { backup: 'daily', tier: 'gold' } } });
    expect((await client.get(`${native}/${sim.volumes()[0]?.id ?? ''}/tags`)).json).toEqual({ tags: { backup: 'daily', tier: 'gold' } });
    expect((await client.get(`${native}/tags`)).json).toEqual({ tags: { backup: ['weekly', 'daily'], tier: ['gold'] } });
  });

  test('an attached volume says where', async () => {
    const { client, sim } = await scene({ volumes: fleet, flavour: 'cinder' });
    const id = sim.volumes()[1]?.id ?? '';

    const answer = await client.get(`/volumes/${id}`);

    expect(answer.json).toMatchObject({
      volume: { status: 'in-use', size: 40, attachments: [{ volume_id: id, id, device: '/dev/vdb' }], metadata: { readonly: 'False', attached_mode: 'rw' } },
    });
  });

  test.each([
    ['evs', 'name=db', ['db-2', 'db-1']],
    ['cinder', 'name=db', []],
    ['cinder', 'name=DB-1', ['db-1']],
    ['evs', 'status=in-use', ['db-2']],
    ['evs', 'availability_zone=eu-west-101b', ['db-2']],
    ['evs', `metadata=${encodeURIComponent('{"env":"prod"}')}`, ['db-1']],
    ['cinder', `metadata=${encodeURIComponent("{'env':'prod'}")}`, ['db-1']],
    ['evs', 'tags=daily', ['web', 'db-2', 'db-1']],
    ['evs', 'limit=1&offset=1', ['db-2']],
    ['evs', 'sort_key=size&sort_dir=desc&limit=1', ['db-2']],
  ] as const)('%s ?%s', async (flavour, query, names) => {
    const { client } = await scene({ volumes: fleet, flavour });

    const answer = await client.get(`/volumes/detail?${query}`);

    const list = at(answer.json, 'volumes');
    expect(Array.isArray(list) ? list.map((volume: unknown) => at(volume, 'name')) : answer.text).toEqual(names);
  });

  test('by marker to the end', async () => {
    const { client, sim } = await scene({ volumes: 5, flavour: 'cinder' });
    const first = idsIn(await client.get('/volumes?limit=3'), 'volumes');
    const second = idsIn(await client.get(`/volumes?limit=3&marker=${first.at(-1) ?? ''}`), 'volumes');

    expect([...first, ...second]).toEqual(sim.volumes().map((volume) => volume.id).toReversed());
  });

  test('several ids win over one; unknown ones are passed over', async () => {
    const { client, sim } = await scene({ volumes: fleet });
    const [a, b] = sim.volumes();
    const url = `${sim.url}/v2/${sim.projectId}/cloudvolumes/detail`;

    expect(idsIn(await client.get(`${url}?id=${a?.id ?? ''}`), 'volumes')).toEqual([a?.id]);
    expect(idsIn(await client.get(`${url}?id=${a?.id ?? ''}&ids=${encodeURIComponent(`['${b?.id ?? ''}','nope']`)}`), 'volumes')).toEqual([b?.id]);
  });

  test('unknown volume and unknown native path on Cinder', async () => {
    const { client, sim } = await scene({ flavour: 'cinder' });

    const unknown = await client.get('/volumes/nope');
    const native = await client.get(`${sim.url}/v2/${sim.projectId}/cloudvolumes/detail`);

    expect(unknown.json).toEqual({ itemNotFound: { code: 404, message: 'Volume nope could not be found.' } });
    expect(native.status).toBe(404);
  });

  test('the older version of the snapshot paths is there on EVS, not on Cinder', async () => {
    const evs = await scene({ volumes: fleet });
    const cinder = await scene({ volumes: fleet, flavour: 'cinder' });
    evs.sim.putSnapshot({ volume: 'db-2' });

    const inZone = await evs.client.get(`${evs.sim.url}/v2/${evs.sim.projectId}/snapshots/detail?availability_zone=eu-west-101b`);
    const elsewhere = await evs.client.get(`${evs.sim.url}/v2/${evs.sim.projectId}/snapshots/detail?availability_zone=x`);

    expect([idsIn(inZone).length, idsIn(elsewhere).length]).toEqual([1, 0]);
    expect((await cinder.client.get(`${cinder.sim.url}/v2/${cinder.sim.projectId}/snapshots`)).status).toBe(404);
  });
});

describe('query by tag', () => {
  async function ask(body: Record<string, unknown>) {
    const { client, sim } = await scene({ volumes: fleet });
    return client.send('POST', `${sim.url}/v2/${sim.projectId}/cloudvolumes/resource_instances/action`, body);
  }

  test.each([
    [{ tags: [{ key: 'backup', values: ['daily', 'weekly'] }] }, ['db-2', 'db-1']],
    [{ tags: [{ key: 'backup', values: [] }] }, ['db-2', 'db-1']],
    [{ tags: [{ key: 'backup', values: ['daily'] }, { key: 'tier', values: ['gold'] }] }, ['db-1']],
    [{ tags: [{ key: 'backup', values: ['weekly'] }, { key: 'tier', values: [] }] }, []],
    [{ tags: [], matches: [{ key: 'resource_name', value: 'e' }] }, ['web']],
    [{ tags: [{ key: 'backup', values: [] }], offset: '1', limit: '1' }, ['db-1']],
  ])('%j', async (body, names) => {
    const answer = await ask({ action: 'filter', ...body });

    const resources = at(answer.json, 'resources');
    expect(Array.isArray(resources) ? resources.map((item: unknown) => at(item, 'resource_name')) : answer.text).toEqual(names);
  });

  test('tags come as a list here; count gives the count alone', async () => {
    const found = await ask({ action: 'filter', tags: [{ key: 'tier', values: ['gold'] }] });
    const counted = await ask({ action: 'count', tags: [{ key: 'backup', values: [] }] });

    expect(at(found.json, 'resources', 0, 'tags')).toEqual([{ key: 'backup', value: 'daily' }, { key: 'tier', value: 'gold' }]);
    expect(counted.json).toEqual({ total_count: 2 });
  });

  test.each([
    [{ action: 'filter' }, 'EVS.1018'],
    [{ action: 'x', tags: [] }, 'EVS.1018'],
    [{ action: 'filter', tags: [{ key: 'a', values: [] }, { key: 'a', values: [] }] }, 'EVS.1018'],
    [{ action: 'filter', tags: [], limit: 0 }, 'EVS.1023'],
    [{ action: 'filter', tags: [], limit: 'x' }, 'EVS.1023'],
  ])('%j is refused', async (body, code) => {
    const answer = await ask(body);

    expect([answer.status, errorOf(answer).code]).toEqual([400, code]);
  });
});

describe('a volume from a snapshot', () => {
  test.each(['evs', 'cinder'] as const)('%s: 202, creating, available, with where it came from', async (flavour) => {
    const { client, sim, clock } = await scene({ volumes: fleet, flavour, creation: { minMs: 2000, maxMs: 2000 } });
    const { id: snapshotId } = sim.putSnapshot({ volume: 'db-2' });

    const answer = await client.send('POST', '/volumes', { volume: { snapshot_id: snapshotId, name: 'restored', metadata: { a: 'b' } } });
    const id = textAt(answer.json, 'volume', 'id');
    const before = textAt((await client.get(`/volumes/${id}`)).json, 'volume', 'status');
    clock.forward(2000);
    const after = await client.get(`/volumes/${id}`);

    expect([answer.status, textAt(answer.json, 'volume', 'status'), before]).toEqual([202, 'creating', 'creating']);
    expect(after.json).toMatchObject({
      volume: { status: 'available', name: 'restored', size: 40, snapshot_id: snapshotId, metadata: { a: 'b' }, availability_zone: 'eu-west-101b' },
    });
  });

  test.each([
    ['evs', 400, 'EVS.2043'],
    ['cinder', 400, 'badRequest'],
  ] as const)('%s: not from one that is not ready', async (flavour, status, code) => {
    const { client, sim } = await scene({ volumes: fleet, flavour });
    const { id } = sim.putSnapshot({ volume: 'db-1', status: 'error' });

    const answer = await client.send('POST', '/volumes', { volume: { snapshot_id: id } });

    expect([answer.status, errorOf(answer).code]).toEqual([status, code]);
  });

  test.each([
    [{ size: 9 }, /cannot be smaller than the snapshot size 10GB/],
    [{ size: 1.5 }, /must be an integer greater than 0/],
    [{ snapshot_id: '11111111-1111-4111-8111-111111111111' }, /Snapshot 1111.* could not be found/],
  ])('refuses %j', async (changes, message) => {
    const { client, sim } = await scene({ volumes: fleet, flavour: 'cinder' });
    const { id } = sim.putSnapshot({ volume: 'db-1' });

    const answer = await client.send('POST', '/volumes', { volume: { snapshot_id: id, ...changes } });

    expect(errorOf(answer).message).toMatch(message);
    expect(sim.volumes()).toHaveLength(3);
  });

  test.each([
    ['evs', 'eu-west-101b', /the snapshot is in availability zone eu-west-101a, not in eu-west-101b/],
    ['cinder', 'nowhere', /Availability zone 'nowhere' is invalid/],
  ] as const)('%s: not in zone %s', async (flavour, zone, message) => {
    const { client, sim } = await scene({ volumes: fleet, flavour });
    const { id } = sim.putSnapshot({ volume: 'db-1' });

    const answer = await client.send('POST', '/volumes', { volume: { snapshot_id: id, availability_zone: zone } });

    expect([answer.status, errorOf(answer).message]).toEqual([400, expect.stringMatching(message)]);
    expect(sim.volumes()).toHaveLength(3);
  });

  test('late visibility of a new volume', async () => {
    const { client, clock } = await scene({ volumes: fleet, visibilityDelayMs: 1000 });
    const id = textAt((await client.send('POST', '/volumes', { volume: { size: 1 } })).json, 'volume', 'id');

    const early = [(await client.get(`/volumes/${id}`)).status, idsIn(await client.get('/volumes'), 'volumes').length];
    clock.forward(1000);

    expect([early, (await client.get(`/volumes/${id}`)).status]).toEqual([[404, 3], 200]);
  });
});

describe('deleting a volume', () => {
  test('refused while it has snapshots, unless they go with it', async () => {
    const { client, sim, clock } = await scene({ volumes: fleet, flavour: 'cinder' });
    sim.putSnapshot({ volume: 'db-1' });
    const id = sim.volumes()[0]?.id ?? '';

    const refused = await client.send('DELETE', `/volumes/${id}`);
    const cascade = await client.send('DELETE', `/volumes/${id}?cascade=true`);
    const during = textAt((await client.get(`/volumes/${id}`)).json, 'volume', 'status');
    clock.forward(2000);

    expect([refused.status, cascade.status, during, (await client.get(`/volumes/${id}`)).status]).toEqual([400, 202, 'deleting', 404]);
    expect(errorOf(refused).message).toContain('have snapshots');
    expect(sim.snapshots()).toEqual([]);
  });

  test('refused while it is attached', async () => {
    const { client, sim } = await scene({ volumes: fleet });

    expect((await client.send('DELETE', `/volumes/${sim.volumes()[1]?.id ?? ''}`)).status).toBe(400);
  });
});
