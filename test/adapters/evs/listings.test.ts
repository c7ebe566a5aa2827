import { afterEach, beforeEach, expect, it } from 'vitest';
import { startStub, type Stub, type StubRequest } from '../http-client/stub-server.ts';
import { createFixture, failureOf, gather, LOGIN_PATH, loginReply, PROJECT, type Fixture } from './cloud-fixture.ts';

const SNAPSHOTS = `/v3/${PROJECT}/snapshots/detail`;
const VOLUMES = `/v3/${PROJECT}/volumes/detail`;
const NATIVE = `/v2/${PROJECT}/cloudvolumes/detail`;

let stub: Stub;
let fixture: Fixture;
beforeEach(async () => {
  stub = await startStub();
  stub.on('POST', LOGIN_PATH, loginReply());
  fixture = createFixture(stub.url);
});
afterEach(async () => {
  await fixture.cloud.close();
  await stub.close();
});

function snapshot(index: number) {
  return { id: `s${index}`, name: null, status: 'available', volume_id: 'v', size: 1, metadata: {}, created_at: '2026-11-24T23:36:39.000000' };
}

/** Cinder's paging: 1000 at most, a link on every full page, to a host that does not exist. */
function cinderPage(key: 'snapshots' | 'volumes', count: number) {
  return (request: StubRequest) => {
    const marker = request.query.get('marker');
    const start = marker === null ? 0 : Number(marker.slice(1)) + 1;
    const items = Array.from({ length: Math.min(1000, Math.max(0, count - start)) }, (_each, index) => snapshot(start + index));
    const href = `https://volume.internal:8776/v2/x/snapshots/detail?limit=1000&marker=${items.at(-1)?.id ?? ''}`;
    return { status: 200, body: { [key]: items, ...(items.length === 1000 ? { [`${key}_links`]: [{ rel: 'next', href }] } : {}) } };
  };
}

it('reads 2,500 snapshots in three pages and follows no link', async () => {
  stub.on('GET', SNAPSHOTS, cinderPage('snapshots', 2500));
  const found = await gather(fixture.cloud.snapshotPages({ volumeId: 'v', status: 'available' }));
  expect(found.map(({ id }) => id)).toEqual(Array.from({ length: 2500 }, (_each, index) => `s${index}`));
  expect(stub.requests.slice(1).map(({ url }) => url.split('?')[1])).toEqual([
    'limit=1000&status=available&volume_id=v',
    'limit=1000&marker=s999&status=available&volume_id=v',
    'limit=1000&marker=s1999&status=available&volume_id=v',
  ]);
});

it('reads 1,003 volumes of plain Cinder', async () => {
  stub.on('GET', VOLUMES, cinderPage('volumes', 1003));
  await fixture.cloud.close();
  fixture = createFixture(stub.url, { target: { api: 'cinder-v3' } });
  expect(await gather(fixture.cloud.volumePages({ withTags: true }))).toHaveLength(1003);
});

it('reads 1,003 volumes of EVS with their tags, by place and count', async () => {
  const all = Array.from({ length: 1003 }, (_each, index) => ({ id: `v${index}`, status: 'in-use', size: 1, tags: index >= 1000 ? { backup: 'nightly' } : {} }));
  stub.on('GET', NATIVE, ({ query }) => {
    const offset = Number(query.get('offset'));
    return { status: 200, body: { count: all.length, volumes: all.slice(offset, offset + Number(query.get('limit'))), volumes_links: null } };
  });
  const found = await gather(fixture.cloud.volumePages({ withTags: true }));
  expect(found).toHaveLength(1003);
  expect(found.filter(({ tags }) => tags['backup'] === 'nightly').map(({ id }) => id)).toEqual(['v1000', 'v1001', 'v1002']);
});

it('reads volumes of EVS without tags where none are wanted', async () => {
  stub.on('GET', VOLUMES, cinderPage('volumes', 3));
  expect(await gather(fixture.cloud.volumePages({ withTags: false }))).toHaveLength(3);
});

it('reads tags that are a list', async () => {
  stub.on('GET', NATIVE, { status: 200, body: { volumes: [{ id: 'v', tags: [{ key: 'a', value: 'b' }, { key: 'c' }, 'x'] }] } });
  expect(await gather(fixture.cloud.volumePages({ withTags: true }))).toMatchObject([{ tags: { a: 'b', c: '' } }]);
});

it('goes on behind a marker that was pruned meanwhile', async () => {
  let refusals = 0;
  const page = cinderPage('snapshots', 1500);
  stub.on('GET', SNAPSHOTS, (request) => {
    if (request.query.get('marker') !== 's999') return page(request);
    refusals += 1;
    return { status: 404, body: { itemNotFound: { code: 404, message: 'Snapshot s999 could not be found.' } } };
  });
  expect(await gather(fixture.cloud.snapshotPages({}))).toHaveLength(1500);
  expect(refusals).toBe(1);
});

it.each([
  ['an element without an id', { snapshots: [snapshot(1), { name: 'x' }] }, 'malformed', 'unknown'],
  ['no list at all', {}, 'malformed', 'unknown'],
  ['a list that is none', { snapshots: 'x' }, 'malformed', 'unknown'],
])('an answer with %s fails the listing: a part is not the whole', async (_name, body, code, kind) => {
  stub.on('GET', SNAPSHOTS, { status: 200, body });
  expect(await failureOf(gather(fixture.cloud.snapshotPages({})))).toMatchObject({ code, kind, httpStatus: 200, outcomeUnknown: false });
});

it('a wrong path is no empty list', async () => {
  stub.on('GET', SNAPSHOTS, { status: 404, body: { error_code: 'APIGW.0101', error_msg: 'The API does not exist', request_id: 'r' } });
  expect(await failureOf(gather(fixture.cloud.snapshotPages({})))).toMatchObject({ kind: 'invalid', code: 'APIGW.0101' });
});
