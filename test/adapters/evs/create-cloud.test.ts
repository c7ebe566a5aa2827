import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startStub, type Stub } from '../http-client/stub-server.ts';
import { createFixture, failureOf, LOGIN_PATH, loginReply, PROJECT, TOKEN, type Fixture } from './cloud-fixture.ts';

const base = `/v3/${PROJECT}`;
const SNAPSHOT_ID = '33e79572-0704-4a6d-b19c-34ec04a3497f';
const VOLUME_ID = 'a569c587-84be-4d0a-ad52-6f440499a871';

/** Cinder 21.3.1's answer to a create, recorded. */
const accepted = {
  id: SNAPSHOT_ID,
  created_at: '2026-11-24T23:36:39.898364',
  updated_at: null,
  name: 's1',
  description: 'd',
  volume_id: VOLUME_ID,
  status: 'creating',
  size: 1,
  metadata: { k: 'v' },
};
const createRequest = { volumeId: VOLUME_ID, name: 's1', description: 'd', force: true, metadata: { k: 'v' } };
/** A native volume of EVS, recorded and trimmed. */
const nativeVolume = {
  id: '8e79aa2d-0000-4000-8000-000000000001',
  name: 'custodian-volume',
  status: 'available',
  attachments: [],
  availability_zone: 'ap-southeast-1c',
  volume_type: 'GPSSD',
  size: 10,
  bootable: 'false',
  metadata: { __system__encrypted: '0', 'hw:passthrough': 'false' },
  shareable: 'false',
  tags: { backup: 'nightly' },
  enterprise_project_id: '0',
  created_at: '2025-03-20T07:28:45.780415',
};

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

describe('create', () => {
  it('logs in once, sends the documented body and reads the 202', async () => {
    stub.on('POST', `${base}/snapshots`, { status: 202, headers: { 'x-request-id': '0f3b5c7d9e1f40d8a2b4c6d8e0f21436' }, body: { snapshot: accepted } });
    const { snapshot, requestId } = await fixture.cloud.createSnapshot(createRequest);
    expect(snapshot).toEqual({
      id: SNAPSHOT_ID,
      volumeId: VOLUME_ID,
      name: 's1',
      status: 'creating',
      sizeGb: 1,
      metadata: { k: 'v' },
      createdAt: Date.UTC(2026, 10, 24, 23, 36, 39, 898),
    });
    expect(requestId).toBe('0f3b5c7d9e1f40d8a2b4c6d8e0f21436');
    const [login, create] = stub.requests;
    expect(login?.url).toBe('/v3/auth/tokens?nocatalog=true');
    expect(JSON.parse(login?.body ?? '')).toEqual({
      auth: {
        identity: { methods: ['password'], password: { user: { name: 'backup-bot', password: 'canary-pass-7f3', domain: { name: 'acme' } } } },
        scope: { project: { id: PROJECT } },
      },
    });
    expect(create?.headers['x-auth-token']).toBe(TOKEN);
    expect(create?.headers['user-agent']).toBe('snapkeep/0.1.0');
    expect(JSON.parse(create?.body ?? '')).toEqual({
      snapshot: { volume_id: VOLUME_ID, name: 's1', description: 'd', force: true, metadata: { k: 'v' } },
    });
  });

  it.each([
    ['no description is left out, force false stays a boolean', { description: null, force: false }, { force: false }],
    ['an empty description is sent', { description: '' }, { description: '', force: true }],
  ])('%s', async (_name, change, sent) => {
    stub.on('POST', `${base}/snapshots`, { status: 202, body: { snapshot: accepted } });
    await fixture.cloud.createSnapshot({ ...createRequest, ...change });
    expect(JSON.parse(stub.requests.at(-1)?.body ?? '')).toEqual({ snapshot: { volume_id: VOLUME_ID, name: 's1', metadata: { k: 'v' }, ...sent } });
  });

  it.each([
    ['fields missing', { id: 'a', volume_id: 'b' }, { id: 'a', volumeId: 'b', name: null, status: 'unknown', sizeGb: 0, metadata: {}, createdAt: null }],
    [
      'fields of other types',
      { id: 7, volume_id: 'b', name: 5, status: 'CREATING', size: '40', metadata: { a: 1, b: true, c: null, d: {} }, created_at: 'yesterday', extra: [] },
      { id: '7', volumeId: 'b', name: '5', status: 'creating', sizeGb: 40, metadata: { a: '1', b: 'true' }, createdAt: null },
    ],
    ['fields null', { id: 'a', volume_id: 'b', name: null, status: null, size: null, metadata: null, created_at: null }, { id: 'a', volumeId: 'b', name: null, status: 'unknown', sizeGb: 0, metadata: {}, createdAt: null }],
  ])('reads an answer with %s', async (_name, body, expected) => {
    stub.on('POST', `${base}/snapshots`, { status: 202, body: { snapshot: body } });
    expect((await fixture.cloud.createSnapshot(createRequest)).snapshot).toEqual(expected);
  });

  it.each([
    ['not JSON', '{"snapshot": {"id"', 'unknown'],
    ['empty', '', 'unknown'],
    ['without an id', { snapshot: { volume_id: 'b' } }, 'unknown'],
    ['without a snapshot', { id: 'a' }, 'unknown'],
    ['a page', '<!DOCTYPE html><html><title>Sign in</title></html>', 'invalid'],
  ])('a 202 that is %s leaves the outcome unknown', async (_name, body, kind) => {
    stub.on('POST', `${base}/snapshots`, { status: 202, headers: { 'x-request-id': 'abc' }, body });
    const failure = await failureOf(fixture.cloud.createSnapshot(createRequest));
    expect(failure).toMatchObject({ kind, httpStatus: 202, code: 'malformed', requestId: 'abc', outcomeUnknown: true });
  });

  it('a refusal over in-use without force says so, and is sent once', async () => {
    const message = `Invalid volume: Volume ${VOLUME_ID} status must be available, but current status is: in-use.`;
    stub.on('POST', `${base}/snapshots`, { status: 400, body: { error: { code: 'EVS.5400', message } } });
    const failure = await failureOf(fixture.cloud.createSnapshot({ ...createRequest, force: false }));
    expect(failure).toMatchObject({ kind: 'invalid', httpStatus: 400, code: 'EVS.5400', outcomeUnknown: false });
    expect(failure.message).toBe(`${message} (volume in use, force not set)`);
    expect(stub.count('POST', `${base}/snapshots`)).toBe(1);
  });

  it('a cut connection leaves the outcome unknown and is not repeated', async () => {
    stub.on('POST', `${base}/snapshots`, 'destroy');
    expect(await failureOf(fixture.cloud.createSnapshot(createRequest))).toMatchObject({ kind: 'transient', httpStatus: null, code: 'reset', outcomeUnknown: true });
    expect(stub.count('POST', `${base}/snapshots`)).toBe(1);
  });
});

describe('the other calls', () => {
  it('shows a snapshot with the times of a later read', async () => {
    stub.on('GET', `${base}/snapshots/${SNAPSHOT_ID}`, {
      status: 200,
      body: { snapshot: { ...accepted, status: 'available', created_at: '2026-11-24T23:36:39.000000', 'os-extended-snapshot-attributes:progress': '100%' } },
    });
    expect(await fixture.cloud.showSnapshot(SNAPSHOT_ID)).toMatchObject({ status: 'available', createdAt: Date.UTC(2026, 10, 24, 23, 36, 39) });
  });

  it('a snapshot that is gone is not_found', async () => {
    stub.on('GET', `${base}/snapshots/nope`, { status: 404, body: { itemNotFound: { code: 404, message: 'Snapshot nope could not be found.' } } });
    expect(await failureOf(fixture.cloud.showSnapshot('nope'))).toMatchObject({ kind: 'not_found', code: 'itemNotFound', httpStatus: 404 });
  });

  it('deletes: 202 with an empty body of type text/html', async () => {
    stub.on('DELETE', `${base}/snapshots/${SNAPSHOT_ID}`, { status: 202, headers: { 'content-type': 'text/html', 'content-length': '0' } });
    await fixture.cloud.deleteSnapshot(SNAPSHOT_ID);
    expect(stub.requests.at(-1)?.body).toBe('');
  });

  it('adds metadata: only what is added is sent', async () => {
    stub.on('POST', `${base}/snapshots/${SNAPSHOT_ID}/metadata`, { status: 200, body: { metadata: { team: 'a', hold: 'true' } } });

    expect(await fixture.cloud.addSnapshotMetadata(SNAPSHOT_ID, { hold: 'true' })).toEqual({ team: 'a', hold: 'true' });
    expect(JSON.parse(stub.requests.at(-1)?.body ?? '')).toEqual({ metadata: { hold: 'true' } });
  });

  it.each(['', '.', '..', '../volumes', 'a/b', 'a?b', 'a b', 'ü'])('refuses the id %j without a call', async (id) => {
    expect(await failureOf(fixture.cloud.deleteSnapshot(id))).toMatchObject({ kind: 'invalid', code: 'bad_id' });
    expect(stub.requests).toEqual([]);
  });

  it('shows a volume of EVS with its tags', async () => {
    stub.on('GET', `/v2/${PROJECT}/cloudvolumes/${nativeVolume.id}`, { status: 200, body: { volume: nativeVolume } });
    expect(await fixture.cloud.showVolume(nativeVolume.id)).toEqual({
      id: nativeVolume.id,
      name: 'custodian-volume',
      status: 'available',
      sizeGb: 10,
      availabilityZone: 'ap-southeast-1c',
      metadata: { __system__encrypted: '0', 'hw:passthrough': 'false' },
      tags: { backup: 'nightly' },
      createdAt: Date.UTC(2025, 2, 20, 7, 28, 45, 780),
    });
  });

  it.each([
    ['limited', { limit: 10, in_use: 6, reserved: 1 }, { limit: 10, inUse: 7 }],
    ['unlimited', { limit: -1, in_use: 6 }, { limit: null, inUse: 6 }],
    ['as texts', { limit: '10', in_use: '6', reserved: null }, { limit: 10, inUse: 6 }],
  ])('reads a quota that is %s', async (_name, snapshots, expected) => {
    stub.on('GET', `${base}/os-quota-sets/${PROJECT}`, { status: 200, body: { quota_set: { id: PROJECT, snapshots, gigabytes: { limit: 100, in_use: 40, reserved: 1 } } } });
    expect(await fixture.cloud.quotas()).toEqual({ snapshots: expected, gigabytes: { limit: 100, inUse: 41 } });
    expect(stub.requests.at(-1)?.query.get('usage')).toBe('True');
  });

  it('makes a volume from a snapshot', async () => {
    stub.on('POST', `${base}/volumes`, { status: 202, body: { volume: { ...nativeVolume, status: 'creating' } } });
    const request = { snapshotId: SNAPSHOT_ID, name: 'back', volumeType: null, sizeGb: 10, availabilityZone: 'eu-west-101a', metadata: { snapkeep_restore: 'x1' } };
    expect(await fixture.cloud.createVolumeFromSnapshot(request)).toMatchObject({ id: nativeVolume.id, status: 'creating' });
    expect(JSON.parse(stub.requests.at(-1)?.body ?? '')).toEqual({
      volume: { snapshot_id: SNAPSHOT_ID, name: 'back', size: 10, availability_zone: 'eu-west-101a', metadata: { snapkeep_restore: 'x1' } },
    });
  });

  it('authenticates without any other call', async () => {
    expect(await fixture.cloud.authenticate()).toEqual({ expiresInMs: 86_400_000 });
    expect(stub.requests.map((request) => request.path)).toEqual([LOGIN_PATH]);
  });
});

describe('what is told of calls', () => {
  it('reports each exchange with its status, code and request id', async () => {
    stub.on('POST', `${base}/snapshots`, { status: 429, headers: { 'x-request-id': 'r-1' }, body: { error_code: 'APIGW.0308', error_msg: 'policy user over ratelimit,limit:10,time:1 minute' } });
    stub.on('GET', `${base}/snapshots/a`, 'destroy');
    await failureOf(fixture.cloud.createSnapshot(createRequest));
    await failureOf(fixture.cloud.showSnapshot('a'));
    expect(fixture.calls).toEqual([
      { operation: 'login', status: 201, code: null, durationMs: expect.any(Number) as unknown, requestId: 'req-1f5e' },
      { operation: 'create_snapshot', status: 429, code: 'APIGW.0308', durationMs: expect.any(Number) as unknown, requestId: 'r-1' },
      { operation: 'show_snapshot', status: null, code: 'reset', durationMs: expect.any(Number) as unknown, requestId: null },
    ]);
  });

  it('gives up with the abort reason, and says aborted', async () => {
    stub.on('GET', `${base}/snapshots/a`, 'hang');
    const stop = new AbortController();
    const call = fixture.cloud.showSnapshot('a', { signal: stop.signal });
    await expect.poll(() => stub.count('GET', `${base}/snapshots/a`)).toBe(1);
    const reason = new Error('draining');
    stop.abort(reason);
    await expect(call).rejects.toBe(reason);
    expect(fixture.calls.at(-1)).toMatchObject({ operation: 'show_snapshot', status: null, code: 'aborted' });
    await expect(fixture.cloud.showSnapshot('a', { signal: stop.signal })).rejects.toBe(reason);
  });
});
