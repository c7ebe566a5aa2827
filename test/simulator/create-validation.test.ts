import { describe, expect, test } from 'vitest';
import { errorOf, scene, textAt, type Answer } from './cloud-client.ts';

const longName = 'n'.repeat(256);
const longKey = 'a'.repeat(256);
const someUuid = '11111111-1111-4111-8111-111111111111';
const keyRule = "does not match any of the regexes: '^[a-zA-Z0-9-_:. /]{1,255}$'";
const internal = 'The server has either erred or is incapable of performing the requested operation.';
const booleans =
  "[True, 'True', 'TRUE', 'true', '1', 'ON', 'On', 'on', 'YES', 'Yes', 'yes', 'y', 't', " +
  "False, 'False', 'FALSE', 'false', '0', 'OFF', 'Off', 'off', 'NO', 'No', 'no', 'n', 'f']";

function field(name: string, value: string, problem: string): string {
  return `Invalid input for field/attribute ${name}. Value: ${value}. ${problem}`;
}

/** Members beside the volume id, and what Cinder 21.3.1 answered. */
const cinderRefusals: [what: string, members: Record<string, unknown>, status: number, message: string][] = [
  ['name of 256', { name: longName }, 400, field('name', longName, `'${longName}' is too long`)],
  ['name that is a number', { name: 5 }, 400, field('name', '5', "5 is not of type 'string', 'null'")],
  ['name with an emoji', { name: 'disk 😀' }, 500, internal],
  ['description of 256', { description: longName }, 400, field('description', longName, `'${longName}' is too long`)],
  ['metadata value 5', { metadata: { k: 5 } }, 400, field('k', '5', "5 is not of type 'string'")],
  ['metadata value true', { metadata: { k: true } }, 400, field('k', 'True', "True is not of type 'string'")],
  ['metadata value null', { metadata: { k: null } }, 400, field('k', 'None', "None is not of type 'string'")],
  ['metadata value object', { metadata: { k: { a: 'b' } } }, 400, field('k', "{'a': 'b'}", "{'a': 'b'} is not of type 'string'")],
  ['metadata value of 256', { metadata: { k: longName } }, 400, field('k', longName, `'${longName}' is too long`)],
  ['metadata key of 256', { metadata: { [longKey]: 'v' } }, 400, field('metadata', `{'${longKey}': 'v'}`, `'${longKey}' ${keyRule}`)],
  ['metadata key empty', { metadata: { '': 'v' } }, 400, field('metadata', "{'': 'v'}", `'' ${keyRule}`)],
  ['metadata key with ü', { metadata: { ü: 'v' } }, 400, field('metadata', "{'ü': 'v'}", `'ü' ${keyRule}`)],
  ['metadata that is a list', { metadata: [] }, 400, field('metadata', '[]', "[] is not of type 'object', 'null'")],
  ['metadata that is text', { metadata: 'x' }, 400, field('metadata', 'x', "'x' is not of type 'object', 'null'")],
  ['volume unknown', { volume_id: someUuid }, 404, `Volume ${someUuid} could not be found.`],
  ['volume null', { volume_id: null }, 404, 'Volume None could not be found.'],
  ['volume no uuid', { volume_id: 'nope' }, 400, field('volume_id', 'nope', "'nope' is not valid under any of the given schemas")],
  ['volume empty', { volume_id: '' }, 400, field('volume_id', '', "'' is not valid under any of the given schemas")],
  ['volume a number', { volume_id: 5 }, 400, field('volume_id', '5', '5 is not valid under any of the given schemas')],
  ['force null', { force: null }, 400, field('force', 'None', "None is not of type 'boolean', 'string'")],
  ['force maybe', { force: 'maybe' }, 400, field('force', 'maybe', `'maybe' is not one of ${booleans}`)],
];

const wrapperOf: Record<number, string> = { 400: 'badRequest', 404: 'itemNotFound', 500: 'computeFault' };

describe('create validation as on Cinder', () => {
  test.each(cinderRefusals)('%s', async (_what, members, status, message) => {
    const { client, sim, volumeId } = await scene({ flavour: 'cinder' });

    const answer = await client.create({ volume_id: volumeId, ...members });

    expect(answer.status).toBe(status);
    expect(answer.json).toEqual({ [wrapperOf[status] ?? '']: { code: status, message } });
    expect(sim.snapshots()).toEqual([]);
  });

  test.each([
    ['name of 255', { name: 'n'.repeat(255) }, 'name', 'n'.repeat(255)],
    ['name of 255 two-byte letters', { name: 'ü'.repeat(255) }, 'name', 'ü'.repeat(255)],
    ['blanks around the name', { name: '  x  ' }, 'name', 'x'],
    ['empty name', { name: '' }, 'name', ''],
    ['null name', { name: null }, 'name', null],
    ['newline in the name', { name: 'a\nb' }, 'name', 'a\nb'],
    ['description of 255', { description: 'd'.repeat(255) }, 'description', 'd'.repeat(255)],
    ['metadata null', { metadata: null }, 'metadata', {}],
    ['metadata value empty and of 255', { metadata: { a: '', b: 'v'.repeat(255) } }, 'metadata', { a: '', b: 'v'.repeat(255) }],
    ['metadata key with all letters', { metadata: { 'a:b.c-d_e 1/': 'v' } }, 'metadata', { 'a:b.c-d_e 1/': 'v' }],
    ['force as text', { force: 'true' }, 'status', 'creating'],
  ])('accepts %s', async (_what, members, key, value) => {
    const { client, volumeId } = await scene({ flavour: 'cinder' });

    const answer = await client.create({ volume_id: volumeId, ...members });

    expect(answer.status).toBe(202);
    expect(answer.json).toMatchObject({ snapshot: { [key]: value } });
  });

  test('a volume id in capitals is answered in lower case, one without dashes is not found', async () => {
    const { client, volumeId } = await scene({ flavour: 'cinder' });

    const capitals = await client.create({ volume_id: volumeId.toUpperCase() });
    const plain = await client.create({ volume_id: volumeId.replaceAll('-', '') });

    expect(textAt(capitals.json, 'snapshot', 'volume_id')).toBe(volumeId);
    expect(plain.status).toBe(404);
  });

  test('metadata null in the answer is an empty map, never null', async () => {
    const { client, volumeId } = await scene({ flavour: 'cinder' });

    expect((await client.create({ volume_id: volumeId, metadata: null })).json).toMatchObject({ snapshot: { metadata: {} } });
  });

  const bodies: [what: string, body: string, status: number, message: string][] = [
    ['no volume id', '{"snapshot":{"name":"x"}}', 400, field('snapshot', "{'name': 'x'}", "'volume_id' is a required property")],
    ['snapshot null', '{"snapshot":null}', 400, field('snapshot', 'None', "None is not of type 'object'")],
    ['empty object', '{}', 400, "'snapshot' is a required property"],
    ['list', '[]', 400, "[] is not of type 'object'"],
    [
      'unknown key',
      `{"snapshot":{"volume_id":"${someUuid}","foo":1}}`,
      400,
      field('snapshot', `{'volume_id': '${someUuid}', 'foo': 1}`, "Additional properties are not allowed ('foo' was unexpected)"),
    ],
    ['unknown key at the top', `{"snapshot":{"volume_id":"${someUuid}"},"foo":1}`, 400, "Additional properties are not allowed ('foo' was unexpected)"],
    ['malformed JSON', '{"snapshot":', 400, 'Malformed request body'],
    ['empty body', '', 500, internal],
  ];
  test.each(bodies)('body: %s', async (_what, body, status, message) => {
    const { client } = await scene({ flavour: 'cinder' });

    const answer = await client.send('POST', '/snapshots', body);

    expect([answer.status, errorOf(answer).message]).toEqual([status, message]);
  });

  test('invalid UTF-8 is a malformed body', async () => {
    const { client, sim } = await scene({ flavour: 'cinder' });

    const response = await fetch(`${sim.evsEndpoint}/v3/${sim.projectId}/snapshots`, {
      method: 'POST',
      headers: { 'X-Auth-Token': client.token, 'Content-Type': 'application/json' },
      body: new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });

    expect([response.status, await response.json()]).toEqual([400, { badRequest: { code: 400, message: 'Malformed request body' } }]);
  });

  test.each(['text/plain', 'application/x-www-form-urlencoded'])('content type %s', async (type) => {
    const { client, volumeId } = await scene({ flavour: 'cinder' });

    const answer = await client.create({ volume_id: volumeId }, { 'Content-Type': type });

    expect(answer.status).toBe(415);
    expect(answer.json).toEqual({ badMediaType: { code: 415, message: 'Unsupported Content-Type' } });
  });

  test('a body of 114688 bytes is read, one more is an HTML page', async () => {
    const { client } = await scene({ flavour: 'cinder' });
    const fill = (length: number) => `{"a":"${'x'.repeat(length - 8)}"}`;

    const atLimit = await client.send('POST', '/snapshots', fill(114_688));
    const over = await client.send('POST', '/snapshots', fill(114_689));

    expect(atLimit.status).toBe(400);
    expect(over.status).toBe(413);
    expect(over.headers.get('content-type')).toContain('text/html');
    expect(over.text).toContain('Request is too large. Larger than max_request_body_size (114688).');
  });

  test.each([
    ['POST', '/snapshots/'],
    ['PUT', '/snapshots'],
    ['PATCH', '/snapshots'],
    ['GET', '/nothing'],
  ])('%s %s is an HTML 404', async (method, path) => {
    const { client } = await scene({ flavour: 'cinder' });

    const answer = await client.send(method, path, method === 'GET' ? undefined : {});

    expect(answer.status).toBe(404);
    expect(answer.text).toContain('<title>404 Not Found</title>');
  });
});

describe('create validation on EVS', () => {
  function code(answer: Answer): unknown {
    return [answer.status, errorOf(answer).code];
  }

  test.each([
    ['name of 64', { name: 'n'.repeat(64) }],
    ['name of 63 four-byte letters', { name: '😀'.repeat(63) }],
    ['description of 85', { description: 'd'.repeat(85) }],
  ])('accepts %s', async (_what, members) => {
    const { client, volumeId } = await scene();

    expect((await client.create({ volume_id: volumeId, ...members })).status).toBe(202);
  });

  test.each([
    ['name of 65', { name: 'n'.repeat(65) }, 400, 'EVS.5400'],
    ['name of 64 letters and 256 bytes', { name: '😀'.repeat(64) }, 400, 'EVS.5400'],
    ['description of 86', { description: 'd'.repeat(86) }, 400, 'EVS.5400'],
    ['metadata value 5', { metadata: { k: 5 } }, 400, 'EVS.5400'],
    ['a system key', { metadata: { __system__x: '1' } }, 403, 'EVS.5403'],
    ['volume no uuid', { volume_id: 'nope' }, 400, 'EVS.1002'],
    ['volume unknown', { volume_id: someUuid }, 404, 'EVS.5404'],
    ['unknown key', { foo: 1 }, 400, 'EVS.5400'],
  ])('refuses %s', async (_what, members, status, evsCode) => {
    const { client, volumeId } = await scene();

    expect(code(await client.create({ volume_id: volumeId, ...members }))).toEqual([status, evsCode]);
  });

  test('metadata of a mebibyte has a code of its own', async () => {
    const { client, volumeId } = await scene();
    const metadata = Object.fromEntries(Array.from({ length: 4200 }, (_, n) => [`k${n}`, 'v'.repeat(250)]));

    expect(code(await client.create({ volume_id: volumeId, metadata }))).toEqual([400, 'EVS.1005']);
  });

  test('the error has the code beside the message, the wrong content type the other shape with the code as text', async () => {
    const { client, volumeId } = await scene();

    const wrong = await client.create({ volume_id: volumeId, name: 5 });
    const type = await client.create({ volume_id: volumeId }, { 'Content-Type': 'text/plain' });

    expect(wrong.json).toEqual({
      error: { code: 'EVS.5400', message: field('name', '5', "5 is not of type 'string', 'null'") },
    });
    expect(type.json).toEqual({ badMediaType: { code: '415', message: 'Unsupported Content-Type' } });
  });

  test('a region without legacy snapshots refuses for good', async () => {
    const { client, volumeId, sim } = await scene({ legacyCreationDisabled: true });

    expect(code(await client.create({ volume_id: volumeId }))).toEqual([400, 'EVS.5400']);
    expect(sim.ledger.committedCreates()).toEqual([]);
  });
});
