import { beforeAll, describe, expect, test } from 'vitest';
import { expectedOf } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { refused, told } from './told.ts';

const BUSY = [
  'creating',
  'attaching',
  'detaching',
  'reserved',
  'extending',
  'backing-up',
  'restoring-backup',
  'retyping',
  'downloading',
  'uploading',
  'managing',
  'awaiting-transfer',
  'error_deleting',
  'error_extending',
  'error_restoring',
];

const OWN_TEXTS = [
  ['error', 'Invalid volume: The snapshot cannot be created when the volume is in error status.'],
  ['maintenance', 'Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.'],
] as const;

export function volumeStates(given: Given): void {
  describe('the state of the volume', () => {
    const free = givenVolume(given, 'free');
    const attached = givenVolume(given, 'attached');
    const busy = givenVolume(given, 'busy');
    beforeAll(() => given.cloud.setVolumeStatus(attached.id, 'in-use'));

    test.each([
      ['true', { force: true }],
      ['false', { force: false }],
      ['absent', {}],
    ])('available, force %s: accepted, and the volume stays as it is', async (_what, force) => {
      expect((await given.raw.create({ volume_id: free.id, ...force })).status).toBe(202);
      expect((await given.raw.get(`/volumes/${free.id}`)).json).toMatchObject({ volume: { status: 'available' } });
    });

    test.each([
      ['true', { force: true }, true],
      ['the text "true"', { force: 'true' }, true],
      ['false', { force: false }, false],
      ['the text "false"', { force: 'false' }, false],
      ['absent', {}, false],
      ['true, but within the metadata', { metadata: { force: 'true' } }, false],
    ])('A22: in-use, force %s', async (what, more, accepted) => {
      const text = 'Invalid volume: Volume {volume} status must be available, but current status is: in-use.';
      const answer = await given.raw.create({ volume_id: attached.id, ...more });
      const common = accepted ? [202] : refused(given.kind, 400, text);
      expect(told(answer, { volume: attached.id })).toEqual(expectedOf(given.kind, `volume: in-use, force ${what}`, common));
      expect((await given.raw.get(`/volumes/${attached.id}`)).json).toMatchObject({ volume: { status: 'in-use' } });
    });

    test.each(BUSY)('%s is refused, with force as well', async (status) => {
      await given.cloud.setVolumeStatus(busy.id, status);
      for (const [force, allowed] of [[false, 'available'], [true, 'available, in-use']] as const) {
        const text = `Invalid volume: Volume {volume} status must be ${allowed}, but current status is: ${status}.`;
        const answer = await given.raw.create({ volume_id: busy.id, force });
        expect(told(answer, { volume: busy.id })).toEqual(expectedOf(given.kind, `volume: ${status}`, refused(given.kind, 400, text)));
      }
    });

    test.each(OWN_TEXTS)('%s has a text of its own', async (status, text) => {
      await given.cloud.setVolumeStatus(busy.id, status);
      for (const force of [false, true]) {
        const answer = await given.raw.create({ volume_id: busy.id, force });
        expect(told(answer)).toEqual(expectedOf(given.kind, `volume: ${status}`, refused(given.kind, 400, text)));
      }
    });
  });
}
