import { expect, test } from 'vitest';
import { errorOf, scene } from './cloud-client.ts';

async function withMetadata(flavour: 'evs' | 'cinder') {
  const here = await scene({ flavour });
  const id = await here.client.createdId(here.volumeId, { metadata: { a: '1', b: '2' } });
  return { ...here, id, path: `/snapshots/${id}/metadata` };
}

test('read, merge, replace', async () => {
  const { client, path, sim } = await withMetadata('cinder');

  const read = await client.get(path);
  const merged = await client.send('POST', path, { metadata: { b: '3', c: '4' } });
  const replaced = await client.send('PUT', path, { metadata: { d: '5' } });

  expect(read.json).toEqual({ metadata: { a: '1', b: '2' } });
  expect(merged.json).toEqual({ metadata: { a: '1', b: '3', c: '4' } });
  expect(replaced.json).toEqual({ metadata: { d: '5' } });
  expect(sim.snapshots()[0]?.metadata).toEqual({ d: '5' });
});

test('one key: read, write, delete; an unknown one is 404', async () => {
  const { client, path, id } = await withMetadata('cinder');

  expect((await client.get(`${path}/a`)).json).toEqual({ meta: { a: '1' } });
  expect((await client.send('PUT', `${path}/hold`, { meta: { hold: 'true' } })).json).toEqual({ meta: { hold: 'true' } });
  expect((await client.send('DELETE', `${path}/b`)).status).toBe(200);
  expect((await client.get(path)).json).toEqual({ metadata: { a: '1', hold: 'true' } });
  const unknown = await client.get(`${path}/b`);
  expect([unknown.status, errorOf(unknown).message]).toEqual([404, `Snapshot ${id} has no metadata with key b.`]);
  expect((await client.send('DELETE', `${path}/b`)).status).toBe(404);
});

test.each([
  [{ metadata: null }, 400],
  [{ metadata: { k: 5 } }, 400],
  [{ other: {} }, 400],
  [[], 400],
])('POST %j answers %i and changes nothing', async (body, status) => {
  const { client, path, sim } = await withMetadata('cinder');

  expect((await client.send('POST', path, body)).status).toBe(status);
  expect(sim.snapshots()[0]?.metadata).toEqual({ a: '1', b: '2' });
});

test('the key in the body must be the one in the URL, and alone', async () => {
  const { client, path } = await withMetadata('cinder');

  expect(errorOf(await client.send('PUT', `${path}/x`, { meta: { y: '1' } })).message).toBe('Request body and URI mismatch');
  expect(errorOf(await client.send('PUT', `${path}/x`, { meta: { x: '1', y: '1' } })).message).toBe('Request body contains too many items');
});

test('system keys may not be touched on EVS', async () => {
  const { client, sim, volumeId } = await scene();
  const { id } = sim.putSnapshot({ volume: volumeId, autoMade: true });

  const write = await client.send('POST', `/snapshots/${id}/metadata`, { metadata: { __system__enableActive: 'no' } });
  const remove = await client.send('DELETE', `/snapshots/${id}/metadata/__system__enableActive`);

  expect([write.status, remove.status]).toEqual([403, 403]);
  expect(errorOf(write)).toEqual({ code: 'EVS.5403', message: 'metadata can not be operated' });
});

test('a change sets updated_at', async () => {
  const { client, path, id, clock } = await withMetadata('cinder');
  clock.forward(500);

  await client.send('POST', path, { metadata: { c: '1' } });

  expect((await client.get(`/snapshots/${id}`)).json).toMatchObject({ snapshot: { status: 'creating', updated_at: '2026-11-24T02:00:00.000000' } });
});
