import { describe, expect, test } from 'vitest';
import { NOBODY } from './cloud-under-test.ts';
import { differing, expectedOf } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { keysOf, snapshotIn } from './raw-client.ts';
import { refused, told, type Told } from './told.ts';

const ZONELESS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/;
const SUMMARY = ['id', 'created_at', 'updated_at', 'name', 'description', 'volume_id', 'status', 'size', 'metadata'];
const DETAIL = [...SUMMARY, 'os-extended-snapshot-attributes:project_id', 'os-extended-snapshot-attributes:progress'];
const KEY_RULE = "does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{1,255}$'";
const BOOLEANS =
  "[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', " +
  "False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']";

function letters(count: number, letter = 'n'): string {
  return letter.repeat(count);
}

function field(name: string, value: string, problem: string): string {
  return `Invalid input for field/attribute ${name}. Value: ${value}. ${problem}`;
}

/** Members beside the volume id; what is answered: 202, or a status with its text. */
const members: readonly [what: string, members: Readonly<Record<string, unknown>>, expected: 202 | readonly [number, string]][] = [
  ['a name of 64 letters', { name: letters(64) }, 202],
  ['a name of 65 letters', { name: letters(65) }, 202],
  ['a name of 255 letters', { name: letters(255) }, 202],
  ['a name of 256 letters', { name: letters(256) }, [400, field('name', letters(256), `'${letters(256)}' is too long`)]],
  ['a name of 255 two-byte letters', { name: letters(255, 'ü') }, 202],
  ['a name with an emoji', { name: 'disk 😀' }, 202],
  ['a name with a line break', { name: 'a\nb' }, 202],
  ['an empty name', { name: '' }, 202],
  ['a name that is null', { name: null }, 202],
  ['a name that is a number', { name: 5 }, [400, field('name', '5', "5 is not of type 'string', 'null'")]],
  ['a name that is true', { name: true }, [400, field('name', 'True', "True is not of type 'string', 'null'")]],
  ['a name that is a list', { name: ['a'] }, [400, field('name', "['a']", "['a'] is not of type 'string', 'null'")]],
  ['a description of 85 letters', { description: letters(85) }, 202],
  ['a description of 86 letters', { description: letters(86) }, 202],
  ['a description of 256 letters', { description: letters(256) }, [400, field('description', letters(256), `'${letters(256)}' is too long`)]],
  ['a description that is a number', { description: 5 }, [400, field('description', '5', "5 is not of type 'string', 'null'")]],
  ['a description with an emoji', { description: '😀' }, 202],
  ['a description with a line break', { description: 'a\nb' }, 202],
  ['a description with a zero-width space', { description: '\u200b' }, 202],
  ['a description with a letter of private use', { description: '\ue000' }, 202],
  ['a description in Chinese', { description: '每日快照' }, 202],
  ['metadata that is null', { metadata: null }, 202],
  ['metadata that is a list', { metadata: [] }, [400, field('metadata', '[]', "[] is not of type 'object', 'null'")]],
  ['metadata that is text', { metadata: 'x' }, [400, field('metadata', 'x', "'x' is not of type 'object', 'null'")]],
  ['A23: a metadata value that is a number', { metadata: { ticket: 4711 } }, [400, field('ticket', '4711', "4711 is not of type 'string'")]],
  ['A23: a metadata value with decimals', { metadata: { ver: 1.5 } }, [400, field('ver', '1.5', "1.5 is not of type 'string'")]],
  ['A23: a metadata value that is true', { metadata: { encrypted: true } }, [400, field('encrypted', 'True', "True is not of type 'string'")]],
  ['A23: a metadata value that is null', { metadata: { owner: null } }, [400, field('owner', 'None', "None is not of type 'string'")]],
  ['A23: a metadata value that is an object', { metadata: { k: { a: 'b' } } }, [400, field('k', "{'a': 'b'}", "{'a': 'b'} is not of type 'string'")]],
  ['A23: an empty metadata value', { metadata: { note: '' } }, 202],
  ['A23: a metadata value of 255 letters', { metadata: { k: letters(255) } }, 202],
  ['A23: a metadata value of 256 letters', { metadata: { k: letters(256) } }, [400, field('k', letters(256), `'${letters(256)}' is too long`)]],
  ['A23: a metadata key with ü', { metadata: { größe: 'v' } }, [400, field('metadata', "{'größe': 'v'}", `'größe' ${KEY_RULE}`)]],
  ['A23: two such keys', { metadata: { ü: 'v', ä: 'w', ok: 'x' } }, [400, field('metadata', "{'ü': 'v', 'ä': 'w', 'ok': 'x'}", `'ä', 'ü' ${KEY_RULE.replace('does', 'do')}`)]],
  ['an empty metadata key', { metadata: { '': 'v' } }, [400, field('metadata', "{'': 'v'}", `'' ${KEY_RULE}`)]],
  ['a metadata key of 255 letters', { metadata: { [letters(255)]: 'v' } }, 202],
  ['a metadata key of 256 letters', { metadata: { [letters(256)]: 'v' } }, [400, field('metadata', `{'${letters(256)}': 'v'}`, `'${letters(256)}' ${KEY_RULE}`)]],
  ['a metadata key with all that is taken', { metadata: { 'a:b.c-d_e 1/x': 'v' } }, 202],
  ['a metadata value with an emoji', { metadata: { k: '😀' } }, 202],
  ['metadata with a key of the system', { metadata: { __system__enableActive: 'x' } }, 202],
  ['an unknown property', { foo: 1 }, [400, field('snapshot', "{'volume_id': '{volume}', 'foo': 1}", "Additional properties are not allowed ('foo' was unexpected)")]],
  [
    'two unknown properties',
    { foo: 1, bar: 2 },
    [400, field('snapshot', "{'volume_id': '{volume}', 'foo': 1, 'bar': 2}", "Additional properties are not allowed ('bar', 'foo' were unexpected)")],
  ],
  ['a volume_id of nobody', { volume_id: NOBODY }, [404, `Volume ${NOBODY} could not be found.`]],
  ['a volume_id that is null', { volume_id: null }, [404, 'Volume None could not be found.']],
  ['a volume_id that is no id', { volume_id: 'nope' }, 202],
  ['a volume_id that is empty', { volume_id: '' }, 202],
  ['force as text', { force: 'true' }, 202],
  ['force that is null', { force: null }, [400, field('force', 'None', "None is not of type 'boolean', 'string'")]],
  ['force that is a number', { force: 1 }, [400, field('force', '1', "1 is not of type 'boolean', 'string'")]],
  ['force that is maybe', { force: 'maybe' }, [400, field('force', 'maybe', `'maybe' is not one of ${BOOLEANS}`)]],
];

/** Whole bodies. */
const bodies: readonly [what: string, body: unknown, expected: readonly [number, string]][] = [
  ['no volume_id', { snapshot: { name: 'x' } }, [400, field('snapshot', "{'name': 'x'}", "'volume_id' is a required property")]],
  ['a snapshot that is null', { snapshot: null }, [400, field('snapshot', 'None', "None is not of type 'object'")]],
  ['an empty object', {}, [400, "'snapshot' is a required property"]],
  ['a list', [], [400, "[] is not of type 'object'"]],
  ['an unknown property beside the snapshot', { snapshot: { volume_id: NOBODY }, foo: 1 }, [400, "Additional properties are not allowed ('foo' was unexpected)"]],
  ['malformed JSON', '{"snapshot":', [400, 'Malformed request body']],
  ['JSON that is no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), [400, 'Malformed request body']],
];

export function creating(given: Given): void {
  describe('creating', () => {
    const volume = givenVolume(given, 'creating');

    test('202 and creating, later available; times without a zone; the members in their order', async () => {
      const answer = await given.raw.create({ volume_id: volume.id, name: '  s1  ', description: ' d ', force: false, metadata: { k: 'v' } });

      const accepted = snapshotIn(answer);
      expect(answer.status).toBe(202);
      expect(answer.headers.get('location')).toBeNull();
      expect(keysOf(accepted)).toEqual(SUMMARY);
      expect(accepted).toMatchObject({ status: 'creating', updated_at: null, volume_id: volume.id, size: 1, metadata: { k: 'v' } });
      expect(accepted).toMatchObject({ name: 's1', description: 'd' });
      expect(accepted.created_at).toMatch(ZONELESS);
      expect(Math.abs(Date.parse(`${accepted.created_at}Z`) - Date.now())).toBeLessThan(5_000);

      const made = await given.raw.reached(accepted.id, 'available');
      expect(keysOf(made)).toEqual(DETAIL);
      expect(made).toMatchObject({ name: 's1', description: 'd', metadata: { k: 'v' } });
      expect(made).toMatchObject({ 'os-extended-snapshot-attributes:project_id': given.cloud.projectId, 'os-extended-snapshot-attributes:progress': '100%' });
      expect(made.updated_at).toMatch(ZONELESS);
      expect(Date.parse(`${made.updated_at}Z`)).toBeGreaterThan(Date.parse(`${accepted.created_at}Z`) - 1_000);
      const cut = accepted.created_at.replace(/\d{6}$/, '000000');
      const relation = made.created_at === accepted.created_at ? 'the same' : made.created_at === cut ? 'cut to the second' : 'neither';
      expect(relation).toBe(differing(given.kind, 'create: created_at of the 202 and of later reads'));
    });

    test('without anything but the volume: null, null, and no metadata', async () => {
      const { id } = await given.raw.made({ volume_id: volume.id });
      expect((await given.raw.get(`/snapshots/${id}`)).json).toMatchObject({ snapshot: { name: null, description: null, metadata: {} } });
    });

    test('the volume is named in small letters, whatever was sent', async () => {
      expect(await given.raw.made({ volume_id: volume.id.toUpperCase() })).toMatchObject({ volume_id: volume.id });
      expect(told(await given.raw.create({ volume_id: volume.id.replaceAll('-', '') }))[0]).toBe(404);
    });

    test('there is no idempotency: the same POST twice makes two snapshots', async () => {
      const body = { volume_id: volume.id, name: 'twice', metadata: { run: 'r1' } };
      const [first, second] = [await given.raw.made(body), await given.raw.made(body)];
      expect(first.id).not.toBe(second.id);
      expect([first, second].map(({ name, metadata }) => [name, metadata])).toEqual([['twice', { run: 'r1' }], ['twice', { run: 'r1' }]]);
    });

    test.each(members)('create: %s', async (what, extra, expected) => {
      const answer = await given.raw.create({ volume_id: volume.id, ...extra });
      const common = expected === 202 ? [202] : refused(given.kind, ...expected);
      expect(withoutPattern(told(answer, { volume: volume.id }))).toEqual(expectedOf(given.kind, `create: ${what}`, common));
    });

    test.each(bodies)('create: %s', async (what, body, expected) => {
      expect(told(await given.raw.send('POST', '/snapshots', body))).toEqual(expectedOf(given.kind, `create: ${what}`, refused(given.kind, ...expected)));
    });

    test('create: no body', async () => {
      expect(told(await given.raw.send('POST', '/snapshots'))).toEqual(differing(given.kind, 'create: no body'));
    });

    test('create: a body of 120,000 bytes', async () => {
      const answer = await given.raw.create({ volume_id: volume.id, name: letters(256 * 470) });
      expect(told(answer)).toEqual(differing(given.kind, 'create: a body of 120,000 bytes'));
    });

    test('create: another content type', async () => {
      const answer = await given.raw.send('POST', '/snapshots', { snapshot: { volume_id: volume.id } }, { 'content-type': 'text/plain' });
      expect([answer.status, answer.json]).toEqual([
        415,
        { badMediaType: { code: given.kind === 'simulatedEvs' ? '415' : 415, message: 'Unsupported Content-Type' } },
      ]);
    });
  });
}

/** Cinder's pattern of printable letters follows the Unicode of its Python: only its beginning is compared. */
function withoutPattern(answer: Told): readonly unknown[] {
  return answer.length === 1 ? answer : [answer[0], answer[1], answer[2].replace(/( does not match '\^\[\\\\ -\\\\~).*$/s, '$1')];
}
