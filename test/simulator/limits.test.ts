import { describe, expect, test } from 'vitest';
import { at, errorOf, scene } from './cloud-client.ts';

const fast = { creation: { minMs: 0, maxMs: 0 }, deletion: { minMs: 1000, maxMs: 1000 } } as const;

describe('quotas', () => {
  test('EVS: seven of a volume, a failed one counts, one that is being deleted too, until it is gone', async () => {
    const { client, sim, clock, volumeId } = await scene(fast);
    for (let n = 0; n < 6; n += 1) await client.createdId(volumeId);
    const last = await client.createdId(volumeId);
    sim.setSnapshotStatus(last, 'error');

    const eighth = await client.create({ volume_id: volumeId });
    const otherVolume = await client.create({ volume_id: sim.volumes()[1]?.id });
    await client.send('DELETE', `/snapshots/${last}`);
    const deleting = await client.create({ volume_id: volumeId });
    clock.forward(1000);
    const free = await client.create({ volume_id: volumeId });

    expect([eighth.status, otherVolume.status, deleting.status, free.status]).toEqual([413, 202, 413, 202]);
    expect(eighth.json).toEqual({ error: { code: 'EVS.5413', message: 'Maximum number of snapshots allowed (7) exceeded' } });
    expect(eighth.headers.get('retry-after')).toBe('0');
  });

  test('Cinder has no cap per volume but one per project, refused by the letter', async () => {
    const { client, sim } = await scene({ ...fast, flavour: 'cinder', volumes: 1, projectSnapshotQuota: 9 });
    const [volume] = sim.volumes();
    for (let n = 0; n < 9; n += 1) await client.createdId(volume?.id ?? '');

    const answer = await client.create({ volume_id: volume?.id });

    expect(answer.status).toBe(413);
    expect(answer.headers.get('retry-after')).toBe('0');
    expect(answer.json).toEqual({
      overLimit: { code: 413, message: 'SnapshotLimitExceeded: Maximum number of snapshots allowed (9) exceeded', retryAfter: '0' },
    });
  });

  test('ten at once with two places left: two are taken', async () => {
    const { client, volumeId, sim } = await scene({ ...fast, flavour: 'cinder', projectSnapshotQuota: 2 });

    const answers = await Promise.all(Array.from({ length: 10 }, () => client.create({ volume_id: volumeId })));

    expect(answers.map((answer) => String(answer.status)).toSorted()).toEqual(['202', '202', ...Array.from({ length: 8 }, () => '413')]);
    expect(sim.snapshots()).toHaveLength(2);
  });

  test('gigabytes: volumes and snapshots together', async () => {
    const { client, volumeId } = await scene({ ...fast, flavour: 'cinder', volumes: [{ size: 30 }], projectGigabytesQuota: 72 });
    await client.createdId(volumeId);

    const answer = await client.create({ volume_id: volumeId });

    expect([answer.status, errorOf(answer)]).toEqual([
      413,
      {
        code: 'overLimit',
        message:
          'VolumeSizeExceedsAvailableQuota: Requested volume or snapshot exceeds allowed gigabytes quota. Requested 30G, quota is 72G and 60G has been consumed.',
      },
    ]);
  });

  test('gigabytes are free again when a snapshot or a volume is gone', async () => {
    const { client, clock, sim, volumeId } = await scene({ ...fast, volumes: [{ size: 30 }], projectGigabytesQuota: 60 });
    const used = async () => at((await client.get(`/os-quota-sets/${sim.projectId}?usage=true`)).json, 'quota_set', 'gigabytes', 'in_use');
    const id = await client.createdId(volumeId);
    const full = await client.create({ volume_id: volumeId });

    await client.send('DELETE', `/snapshots/${id}`);
    clock.forward(1000);
    const afterDelete = await used();
    await client.createdId(volumeId);
    sim.removeVolume(volumeId);

    expect([full.status, afterDelete, await used()]).toEqual([413, 30, 0]);
  });

  test('what is used can be read', async () => {
    const { client, volumeId, sim } = await scene({ ...fast, projectSnapshotQuota: 50 });
    await client.createdId(volumeId);

    const usage = await client.get(`/os-quota-sets/${sim.projectId}?usage=True`);
    const plain = await client.get(`/os-quota-sets/${sim.projectId}`);
    const limits = await client.get('/limits');

    expect(usage.json).toMatchObject({ quota_set: { snapshots: { limit: 50, in_use: 1, reserved: 0 }, gigabytes: { limit: -1, in_use: 40 } } });
    expect(plain.json).toMatchObject({ quota_set: { snapshots: 50, gigabytes: -1 } });
    expect(limits.json).toMatchObject({ limits: { rate: [], absolute: { maxTotalSnapshots: 50, totalSnapshotsUsed: 1 } } });
  });

  test.each([
    ['PUT', `/os-quota-sets/x`, "Policy doesn't allow volume_extension:quotas:update to be performed."],
    ['POST', '/snapshots/x/action', "Policy doesn't allow volume_extension:snapshot_admin_actions:reset_status to be performed."],
  ])('a member may not %s %s', async (method, path, message) => {
    const { client } = await scene({ flavour: 'cinder' });

    const answer = await client.send(method, path, { 'os-reset_status': {} });

    expect([answer.status, answer.json]).toEqual([403, { forbidden: { code: 403, message } }]);
  });
});

describe('rate', () => {
  test('EVS: 429 of the gateway for any method, without Retry-After, until the window is over', async () => {
    const { client, clock, sim } = await scene({ rateLimit: { requests: 2, perMs: 1000 } });

    const answers = [await client.get('/snapshots'), await client.get('/volumes'), await client.get('/snapshots')];
    clock.forward(999);
    const still = await client.get('/snapshots');
    clock.forward(1);
    const free = await client.get('/snapshots');

    expect([...answers, still, free].map((answer) => answer.status)).toEqual([200, 200, 429, 429, 200]);
    expect(still.json).toEqual({
      error_code: 'APIGW.0308',
      error_msg: 'The throttling threshold has been reached: policy user over ratelimit,limit:2,time:1 second',
      request_id: still.headers.get('x-request-id'),
    });
    expect(still.headers.get('retry-after')).toBeNull();
    expect(sim.ledger.count({ status: 429 })).toBe(2);
  });

  test.each([
    ['seconds', '20'],
    ['date', 'Tue, 24 Nov 2026 02:01:00 GMT'],
    ['none', null],
  ] as const)('Retry-After as %s', async (retryAfter, value) => {
    const { client, clock } = await scene({ rateLimit: { requests: 1, perMs: 60_000, retryAfter } });
    await client.get('/snapshots');
    clock.forward(40_000);

    const answer = await client.get('/snapshots');

    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, value]);
  });

  test('Cinder: 413 for POSTs only, JSON under the wrong content type', async () => {
    const { client, volumeId } = await scene({ ...fast, flavour: 'cinder', rateLimit: { requests: 1, perMs: 60_000 } });
    await client.create({ volume_id: volumeId });

    const limited = await client.create({ volume_id: volumeId });
    const reading = await client.get('/snapshots');

    expect([limited.status, limited.headers.get('content-type'), limited.headers.get('retry-after'), reading.status]).toEqual([
      413,
      'text/html; charset=UTF-8',
      '60',
      200,
    ]);
    expect(limited.json).toEqual({
      overLimitFault: { code: 413, message: 'This request was rate-limited.', details: 'Only 1 POST request(s) can be made to * every minute.' },
    });
  });

  test('logins are not counted', async () => {
    const { client, sim } = await scene({ rateLimit: { requests: 1, perMs: 1000 } });

    expect((await client.get('/snapshots')).status).toBe(200);
    expect(at((await client.control('GET', 'state')).json, 'requestsByOperation', 'auth')).toBe(1);
    expect(sim.ledger.count({ operation: 'auth', status: 201 })).toBe(1);
  });
});
