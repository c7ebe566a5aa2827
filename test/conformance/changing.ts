import { describe, expect, test } from 'vitest';
import { NOBODY } from './cloud-under-test.ts';
import { differing, expectedOf } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { headersOf } from './logging-in.ts';
import { keysOf, snapshotIn } from './raw-client.ts';
import { refused, told } from './told.ts';

const INVALID = 'Invalid metadata: Invalid input received:';
const MISSING = "Missing required element 'metadata' in request body.";
const letters = 'k'.repeat(256);

export function changing(given: Given): void {
  const volume = givenVolume(given, 'changing');

  describe('showing', () => {
    test.each([NOBODY, 'nope'])('an unknown snapshot, %s: 404 with all its body', async (id) => {
      const answer = await given.raw.get(`/snapshots/${id}`);
      const message = `Snapshot ${id} could not be found.`;
      const body = given.kind === 'simulatedEvs' ? { error: { code: 'EVS.5404', message } } : { itemNotFound: { code: 404, message } };
      expect([answer.status, answer.headers.get('content-type'), answer.json]).toEqual([404, 'application/json', body]);
    });

    test('progress tells whether the data were ever there, whatever the status', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      await given.cloud.setSnapshotStatus(id, 'error');
      expect((await given.raw.get(`/snapshots/${id}`)).json).toMatchObject({ snapshot: { status: 'error', 'os-extended-snapshot-attributes:progress': '100%' } });
    });
  });

  describe('renaming', () => {
    test('200 with the members of the plain list, in any state, without the blanks around it', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id, name: 'before' });
      await given.cloud.setSnapshotStatus(id, 'creating');
      const answer = await given.raw.send('PUT', `/snapshots/${id}`, { snapshot: { name: ' after ', description: ' d ' } });
      expect(answer.status).toBe(200);
      expect(snapshotIn(answer)).toMatchObject({ id, name: 'after', description: 'd', status: 'creating' });
      expect(keysOf(snapshotIn(answer))).not.toContain('os-extended-snapshot-attributes:progress');
    });

    test.each([
      ['nothing', { snapshot: {} }, 'Invalid input for field/attribute snapshot. Value: {}. {} is not valid under any of the given schemas'],
      ['metadata', { snapshot: { name: 'x', metadata: {} } }, "Invalid input for field/attribute snapshot. Value: {'name': 'x', 'metadata': {}}. Additional properties are not allowed ('metadata' was unexpected)"],
      ['a number', { snapshot: { name: 5 } }, "Invalid input for field/attribute name. Value: 5. 5 is not of type 'string', 'null'"],
    ])('to %s is refused, before it is looked for', async (what, body, message) => {
      const answer = await given.raw.send('PUT', `/snapshots/${NOBODY}`, body);
      expect(told(answer)).toEqual(expectedOf(given.kind, `rename: ${what}`, refused(given.kind, 400, message)));
    });
  });

  describe('metadata of a snapshot', () => {
    test('read, merge, replace, and one key at a time', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id, metadata: { a: '1' } });
      const path = `/snapshots/${id}/metadata`;
      const answers = [
        await given.raw.get(path),
        await given.raw.send('POST', path, { metadata: { b: '2', a: '3' } }),
        await given.raw.send('PUT', path, { metadata: { c: '4', 'größer': 'ü' } }),
        await given.raw.send('PUT', `${path}/d`, { meta: { d: '5' } }),
        await given.raw.get(`${path}/d`),
        await given.raw.send('DELETE', `${path}/c`),
        await given.raw.get(path),
        await given.raw.send('PUT', path, { metadata: {} }),
      ];
      const [, , , , , removed] = answers;
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(answers.map(({ json }) => json)).toEqual([
        { metadata: { a: '1' } },
        { metadata: { a: '3', b: '2' } },
        // What the create refuses as a key is taken here.
        { metadata: { c: '4', 'größer': 'ü' } },
        { meta: { d: '5' } },
        { meta: { d: '5' } },
        undefined,
        { metadata: { d: '5', 'größer': 'ü' } },
        { metadata: {} },
      ]);
      expect(removed === undefined ? [] : headersOf(removed)).toEqual(differing(given.kind, 'headers of an answer without a body'));
    });

    test.each([
      ['a number', 'POST', '', { metadata: { k: 1 } }, 400, `${INVALID} Value for metadata key: k is not a string or unicode`],
      ['true', 'PUT', '', { metadata: { k: true } }, 400, `${INVALID} Value for metadata key: k is not a string or unicode`],
      ['null in place of a value', 'POST', '', { metadata: { k: null } }, 400, `${INVALID} Value for metadata key: k is not a string or unicode`],
      ['an empty key', 'POST', '', { metadata: { '': 'v' } }, 400, `${INVALID} Metadata key:  has 0 characters, less than 1.`],
      ['a key of 256 letters', 'POST', '', { metadata: { [letters]: 'v' } }, 413, `Invalid metadata size: Metadata property key ${letters} greater than 255 characters.`],
      ['a value of 256 letters', 'POST', '', { metadata: { k: letters } }, 413, 'Invalid metadata size: Metadata property key k value greater than 255 characters.'],
      ['null', 'POST', '', { metadata: null }, 400, MISSING],
      ['nothing', 'PUT', '', {}, 400, MISSING],
      ['a list', 'POST', '', [], 400, MISSING],
      ['malformed JSON', 'POST', '', '{', 400, 'Malformed request body'],
      ['another key than in the URL', 'PUT', '/b', { meta: { c: '1' } }, 400, 'Request body and URI mismatch'],
      ['two keys', 'PUT', '/b', { meta: { b: '1', c: '2' } }, 400, 'Request body contains too many items'],
      ['no key', 'PUT', '/b', {}, 400, "Missing required element 'meta' in request body."],
      ['an unknown key', 'GET', '/b', undefined, 404, 'Snapshot {snapshot} has no metadata with key b.'],
      ['an unknown key', 'DELETE', '/b', undefined, 404, 'Snapshot {snapshot} has no metadata with key b.'],
    ])('%s is refused: %s %s', async (what, method, suffix, body, status, message) => {
      const { id } = await given.raw.made({ volume_id: volume.id, metadata: { a: '1' } });
      const answer = await given.raw.send(method, `/snapshots/${id}/metadata${suffix}`, body);
      expect(told(answer, { snapshot: id })).toEqual(expectedOf(given.kind, `metadata: ${what}`, refused(given.kind, status, message)));
      expect((await given.raw.get(`/snapshots/${id}/metadata`)).json).toEqual({ metadata: { a: '1' } });
    });

    test('metadata: an emoji', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      expect(told(await given.raw.send('POST', `/snapshots/${id}/metadata`, { metadata: { k: '😀' } }))).toEqual(differing(given.kind, 'metadata: an emoji'));
    });

    test('what stands beside the metadata is ignored', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      expect((await given.raw.send('POST', `/snapshots/${id}/metadata`, { metadata: { a: 'b' }, foo: 1 })).json).toEqual({ metadata: { a: 'b' } });
    });

    test('of an unknown snapshot: 404, whatever is sent', async () => {
      const answer = await given.raw.send('POST', `/snapshots/${NOBODY}/metadata`, { metadata: { k: 1 } });
      expect(told(answer)).toEqual(refused(given.kind, 404, `Snapshot ${NOBODY} could not be found.`));
    });
  });

  describe('deleting', () => {
    test.each(['available', 'error'])('%s: 202 without a body, then deleting, then 404', async (status) => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      if (status === 'error') await given.cloud.setSnapshotStatus(id, status);
      const answer = await given.raw.send('DELETE', `/snapshots/${id}`);
      expect([answer.status, answer.text]).toEqual([202, '']);
      expect([answer.headers.get('content-length'), answer.headers.get('content-type')]).toEqual(['0', 'text/html; charset=UTF-8']);
      expect(headersOf(answer)).toEqual(differing(given.kind, 'headers of an answer without a body'));

      const next = await given.raw.get(`/snapshots/${id}`);
      expect(next.status === 404 ? 'gone' : snapshotIn(next).status).toMatch(/^(?:deleting|gone)$/);
      const last = await given.raw.gone(id);
      expect(told(last, { snapshot: id })).toEqual(refused(given.kind, 404, 'Snapshot {snapshot} could not be found.'));
    });

    test.each(['creating', 'deleting', 'error_deleting', 'backing-up'])('A34: delete: a snapshot that is %s', async (status) => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      await given.cloud.setSnapshotStatus(id, status);
      expect(told(await given.raw.send('DELETE', `/snapshots/${id}`))).toEqual(differing(given.kind, `delete: a snapshot that is ${status}`));
      expect((await given.raw.get(`/snapshots/${id}`)).json).toMatchObject({ snapshot: { status } });
    });

    test('A34: delete: twice at once, and once more when it is gone', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      const answers = await Promise.all([1, 2, 3, 4].map(() => given.raw.send('DELETE', `/snapshots/${id}`)));
      const [first, ...others] = answers.map((answer) => told(answer)).toSorted((a, b) => a[0] - b[0]);
      const tooLate = differing(given.kind, 'delete: twice at once');
      expect(first).toEqual([202]);
      // Gone already, for those that came very late.
      for (const other of others) expect([tooLate, refused(given.kind, 404, `Snapshot ${id} could not be found.`)]).toContainEqual(other);
      await given.raw.gone(id);
      const again = await given.raw.send('DELETE', `/snapshots/${id}`);
      expect(told(again, { snapshot: id })).toEqual(refused(given.kind, 404, 'Snapshot {snapshot} could not be found.'));
    });

    test.each([NOBODY, 'nope'])('A34: delete: an unknown one, %s: 404', async (id) => {
      expect(told(await given.raw.send('DELETE', `/snapshots/${id}`))).toEqual(refused(given.kind, 404, `Snapshot ${id} could not be found.`));
    });
  });
}
