import { describe, expect, test } from 'vitest';
import { errorOf, scene } from './cloud-client.ts';

const otherStates = [
  'creating',
  'deleting',
  'attaching',
  'detaching',
  'reserved',
  'extending',
  'backing-up',
  'restoring-backup',
  'retyping',
  'downloading',
  'uploading',
  'error_deleting',
  'error_extending',
  'error_restoring',
  'awaiting-transfer',
];

const flavours = [
  ['evs', 'EVS.5400'],
  ['cinder', 'badRequest'],
] as const;

describe.each(flavours)('state of the volume on %s', (flavour, code) => {
  test.each([
    ['available', undefined, 202],
    ['available', false, 202],
    ['available', true, 202],
    ['in-use', undefined, 400],
    ['in-use', false, 400],
    ['in-use', true, 202],
  ])('%s with force %s answers %i', async (status, force, expected) => {
    const { client, sim, volumeId } = await scene({ flavour });
    sim.setVolumeStatus(volumeId, status);

    const answer = await client.create({ volume_id: volumeId, ...(force === undefined ? {} : { force }) });

    const message = `Invalid volume: Volume ${volumeId} status must be available, but current status is: in-use.`;
    const refusal = answer.status === 400 ? errorOf(answer) : undefined;
    expect(answer.status).toBe(expected);
    expect(refusal).toEqual(expected === 400 ? { code, message } : undefined);
    expect(sim.volumes()[0]?.status).toBe(status);
  });

  test.each(otherStates)('%s is refused, with force as well', async (status) => {
    const { client, sim, volumeId } = await scene({ flavour });
    sim.setVolumeStatus(volumeId, status);

    const without = await client.create({ volume_id: volumeId });
    const forced = await client.create({ volume_id: volumeId, force: true });

    const text = (allowed: string) => `Invalid volume: Volume ${volumeId} status must be ${allowed}, but current status is: ${status}.`;
    expect([without.status, errorOf(without)]).toEqual([400, { code, message: text('available') }]);
    expect([forced.status, errorOf(forced)]).toEqual([400, { code, message: text('available, in-use') }]);
    expect(sim.snapshots()).toEqual([]);
  });

  test.each([
    ['error', 400, 'Invalid volume: The snapshot cannot be created when the volume is in error status.'],
    ['maintenance', 400, 'Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.'],
  ])('%s has a text of its own', async (status, expected, message) => {
    const { client, sim, volumeId } = await scene({ flavour });
    sim.setVolumeStatus(volumeId, status);

    const answer = await client.create({ volume_id: volumeId, force: true });

    expect([answer.status, errorOf(answer).message]).toEqual([expected, message]);
  });
});

describe('microversions on Cinder', () => {
  const mv = (version: string) => ({ 'OpenStack-API-Version': version });

  test('3.66 knows no force: false is refused, true ignored, an attached volume is fine', async () => {
    const { client, sim, volumeId } = await scene({ flavour: 'cinder' });
    sim.setVolumeStatus(volumeId, 'in-use');

    const no = await client.create({ volume_id: volumeId, force: false }, mv('volume 3.66'));
    const absent = await client.create({ volume_id: volumeId }, mv('volume 3.66'));
    const before = await client.create({ volume_id: volumeId }, mv('volume 3.65'));

    expect([no.status, absent.status, before.status]).toEqual([400, 202, 400]);
    expect(errorOf(no).message).toBe(
      "Since microversion 3.66 the 'force' flag is invalid for this request.  For backward compatability, however, when the 'force' flag is passed with a value evaluating to True, it is silently ignored.",
    );
  });

  test.each([
    ['volume 3.71', 406, 'computeFault', 'Version 3.71 is not supported by the API. Minimum is 3.0 and maximum is 3.70.'],
    ['volume 3', 400, 'badRequest', 'API Version String 3 is of invalid format. Must be of format MajorNum.MinorNum.'],
    ['volume abc', 400, 'badRequest', 'API Version String abc is of invalid format. Must be of format MajorNum.MinorNum.'],
    ['compute 2.70', 400, 'badRequest', 'The server could not comply with the request since it is either malformed or otherwise incorrect.'],
  ])('%s answers %i', async (header, status, wrapper, message) => {
    const { client } = await scene({ flavour: 'cinder' });

    const answer = await client.get('/snapshots', mv(header));

    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ [wrapper]: { code: status, message } });
  });

  test.each([
    ['volume 3.40', 'volume 3.40'],
    ['volume latest', 'volume 3.70'],
  ])('%s is answered as %s', async (header, answered) => {
    const { client } = await scene({ flavour: 'cinder' });

    expect((await client.get('/snapshots', mv(header))).headers.get('openstack-api-version')).toBe(answered);
  });

  test.each([
    ['volume 3.13', []],
    ['volume 3.14', ['group_snapshot_id']],
    ['volume 3.41', ['group_snapshot_id', 'user_id']],
    ['volume 3.65', ['group_snapshot_id', 'user_id', 'consumes_quota']],
    ['volume latest', ['group_snapshot_id', 'user_id', 'consumes_quota']],
  ])('%s adds %j', async (header, added) => {
    const { client, volumeId } = await scene({ flavour: 'cinder' });
    const usual = ['id', 'created_at', 'updated_at', 'name', 'description', 'volume_id', 'status', 'size', 'metadata'];

    const answer = await client.create({ volume_id: volumeId }, mv(header));

    const body: unknown = answer.json;
    const snapshot = typeof body === 'object' && body !== null && 'snapshot' in body ? body.snapshot : undefined;
    expect(Object.keys(snapshot ?? {}).toSorted()).toEqual([...usual, ...added].toSorted());
  });
});
