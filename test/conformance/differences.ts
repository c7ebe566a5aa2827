import type { CloudKind } from './cloud-under-test.ts';

/** Where the clouds answer differently. What is not listed here is the same on all three, or the suite fails. */
export type Difference = {
  /** Named after the test that meets it. */
  readonly case: string;
  /** Why, and where that is known from. */
  readonly why: string;
} & Readonly<Record<CloudKind, unknown>>;

const LONG = 'n'.repeat(256);
const INTERNAL = 'The server has either erred or is incapable of performing the requested operation.';
const NOT_DELETABLE = 'Invalid snapshot: Snapshot status must be available or error and must not be part of a group.';
const EVS_NOT_DELETABLE = 'snapshot status must be available or error when delete snapshot!';

/** The real Cinder's answer, which the simulated one gives as well. */
function cinder<T>(answer: T): { simulatedCinder: T; realCinder: T } {
  return { simulatedCinder: answer, realCinder: answer };
}

function field(name: string, value: string, problem: string): string {
  return `Invalid input for field/attribute ${name}. Value: ${value}. ${problem}`;
}

function tooLong(name: string, letters: string): readonly [number, string, string] {
  return [400, 'EVS.5400', field(name, letters, `'${letters}' is too long`)];
}

export const differences: readonly Difference[] = [
  // --- logging in
  {
    case: 'login: where the request id is',
    why: 'IAM stands behind the API gateway, which names its requests in X-Request-Id, 32 digits (EVS API reference, 3.2); Keystone has a header of its own.',
    simulatedEvs: ['x-request-id'],
    ...cinder(['x-openstack-request-id']),
  },
  {
    case: 'login: a wrong password',
    why: 'IAM has a code for it and may lock the account (EVS API reference, 6.2); Keystone has one answer for all that is wrong with a login.',
    simulatedEvs: [401, 'IAM.0062', 'The username or password is wrong.'],
    ...cinder([401, 'Unauthorized', 'The request you have made requires authentication.']),
  },
  {
    case: 'login: an unknown user',
    why: 'As a wrong password, so that nobody learns which users there are.',
    simulatedEvs: [401, 'IAM.0062', 'The username or password is wrong.'],
    ...cinder([401, 'Unauthorized', 'The request you have made requires authentication.']),
  },
  {
    case: 'token: a wrong one',
    why: 'On EVS the gateway looks at the token before the service is asked (EVS API reference, 5.3).',
    simulatedEvs: [401, 'APIGW.0301', 'Incorrect IAM authentication information: decrypt token fail'],
    ...cinder([401, 'Unauthorized', 'The request you have made requires authentication.']),
  },
  {
    case: 'token: none',
    why: 'As a wrong one.',
    simulatedEvs: [401, 'APIGW.0301', 'Incorrect IAM authentication information: x-auth-token not found'],
    ...cinder([401, 'Unauthorized', 'The request you have made requires authentication.']),
  },
  {
    case: 'token: headers of the 401',
    why: 'Cinder refuses a token before it is Cinder at all: of its own headers only the outermost is there.',
    simulatedEvs: ['x-request-id'],
    ...cinder(['www-authenticate', 'x-openstack-request-id']),
  },
  {
    case: "token: another project's id in the URL",
    why: 'EVS has a code for it (EVS API reference, 5.2); Cinder calls it malformed, with neither 401 nor 403.',
    simulatedEvs: [400, 'Common.0018', 'The project id in the URL does not match that of the token.'],
    ...cinder([400, 'badRequest', 'Malformed request url']),
  },
  {
    case: 'path: one that does not exist',
    why: 'EVS: the gateway, in JSON (EVS API reference, 5.3); Cinder: a page.',
    simulatedEvs: [404, 'APIGW.0101', 'The API does not exist or has not been published in the environment'],
    ...cinder([404, 'page', '404 Not Found']),
  },
  {
    case: 'headers of an answer',
    why: 'EVS: the gateway’s (EVS API reference, 3.2); Cinder: the request id twice and the API version.',
    simulatedEvs: ['x-request-id'],
    ...cinder(['openstack-api-version', 'vary', 'x-compute-request-id', 'x-openstack-request-id']),
  },
  {
    case: 'headers of an answer without a body',
    why: 'Cinder leaves out one of its two request ids where there is no body.',
    simulatedEvs: ['x-request-id'],
    ...cinder(['openstack-api-version', 'vary', 'x-openstack-request-id']),
  },

  // --- creating
  {
    case: 'create: created_at of the 202 and of later reads',
    why: 'The database of Cinder keeps whole seconds and its 202 does not come from there; EVS shows six digits in all published examples (EVS API reference, 1.1).',
    simulatedEvs: 'the same',
    ...cinder('cut to the second'),
  },
  {
    case: 'create: a name of 65 letters',
    why: 'EVS takes 64 (EVS API reference, 1.1).',
    simulatedEvs: tooLong('name', 'n'.repeat(65)),
    ...cinder([202]),
  },
  { case: 'create: a name of 255 letters', why: 'EVS takes 64.', simulatedEvs: tooLong('name', 'n'.repeat(255)), ...cinder([202]) },
  { case: 'create: a name of 255 two-byte letters', why: 'EVS takes 64.', simulatedEvs: tooLong('name', 'ü'.repeat(255)), ...cinder([202]) },
  {
    case: 'create: a name with an emoji',
    why: 'Columns of three-byte letters in the database of Cinder; nothing of the kind is known of EVS.',
    simulatedEvs: [202],
    ...cinder([500, 'computeFault', INTERNAL]),
  },
  { case: 'create: a metadata value with an emoji', why: 'As in a name.', simulatedEvs: [202], ...cinder([500, 'computeFault', INTERNAL]) },
  {
    case: 'create: a description of 86 letters',
    why: 'EVS takes 85 (EVS API reference, 1.1).',
    simulatedEvs: tooLong('description', 'n'.repeat(86)),
    ...cinder([202]),
  },
  ...[
    ['an emoji', '😀', '😀'],
    ['a line break', 'a\nb', 'a\\nb'],
    ['a zero-width space', '\u200b', '\\u200b'],
    ['a letter of private use', '\ue000', '\\ue000'],
  ].map(([what, text = '', shown = '']) => ({
    case: `create: a description with ${what}`,
    why: 'Cinder takes printable letters of the basic plane only; its text ends in the pattern, 1,010 characters that follow the Unicode version of its Python, of which the suite compares the beginning. Nothing of the kind is known of EVS.',
    simulatedEvs: [202],
    ...cinder([400, 'badRequest', field('description', text, `'${shown}' does not match '^[\\\\ -\\\\~`)]),
  })),
  {
    case: 'create: metadata with a key of the system',
    why: 'EVS keeps __system__ to itself (EVS API reference, 2.4); Cinder knows no such keys.',
    simulatedEvs: [403, 'EVS.5403', 'metadata can not be operated'],
    ...cinder([202]),
  },
  ...[
    ['no id', 'nope', "'nope'"],
    ['empty', '', "''"],
  ].map(([what, value = '', shown = '']) => ({
    case: `create: a volume_id that is ${what}`,
    why: 'EVS has a code for the format of volume ids (EVS API reference, 5.2).',
    simulatedEvs: [400, 'EVS.1002', 'invalid volume id!'],
    ...cinder([400, 'badRequest', field('volume_id', value, `${shown} is not valid under any of the given schemas`)]),
  })),
  {
    case: 'create: no body',
    why: 'A fault of Cinder’s that EVS is not known to have.',
    simulatedEvs: [400, 'EVS.5400', 'Malformed request body'],
    ...cinder([500, 'computeFault', INTERNAL]),
  },
  {
    case: 'create: a body of 120,000 bytes',
    why: 'Cinder’s server takes 114,688 bytes; the gateway of EVS 12 MB (EVS API reference, 5.3), so there it is the text that is too long.',
    simulatedEvs: tooLong('name', LONG.repeat(470)),
    ...cinder([413, 'page', '413 Request Entity Too Large']),
  },

  // --- listing
  ...(['limit=0', 'limit=-1', 'limit=abc'] as const).map((query) => ({
    case: `list: ${query}`,
    why: 'EVS wants 1 to 1000 (EVS API reference, 2.1); Cinder takes 0 for what it says.',
    simulatedEvs: [400, 'EVS.1023', 'invalid limit!'],
    ...cinder(query === 'limit=0' ? [200] : [400, 'badRequest', query === 'limit=-1' ? 'limit param must be positive' : 'limit param must be an integer']),
  })),
  {
    case: 'list: limit=1001',
    why: 'EVS refuses it (EVS API reference, 2.1), Cinder cuts it to 1000.',
    simulatedEvs: [400, 'EVS.2142', 'limit must not be greater than 1000!'],
    ...cinder([200]),
  },
  {
    case: 'list: a marker that is no id',
    why: 'EVS has a code for the format of markers (EVS API reference, 2.1).',
    simulatedEvs: [400, 'EVS.1024', 'invalid marker!'],
    ...cinder([404, 'itemNotFound', 'Snapshot nope could not be found.']),
  },
  {
    case: 'list: part of a name finds',
    why: 'EVS looks for any part of the name (EVS API reference, 2.1), Cinder for the whole.',
    simulatedEvs: ['alpha', 'alphabet'],
    ...cinder([]),
  },
  { case: 'list: the name finds', why: 'As part of a name.', simulatedEvs: ['alpha', 'alphabet'], ...cinder(['alpha']) },
  {
    case: 'list: the name in capitals finds',
    why: 'The database of Cinder compares without regard to case; of EVS it is not known, and the simulator regards it.',
    simulatedEvs: [],
    ...cinder(['alpha']),
  },
  {
    case: 'list: the status in capitals finds',
    why: 'As the name in capitals.',
    simulatedEvs: [],
    ...cinder(['alphabet', 'alpha']),
  },
  {
    case: 'list: the link behind a full last page',
    why: 'Cinder links on from every full page, without looking whether more follows; EVS only where more remain (EVS API reference, 2.2).',
    simulatedEvs: { plain: 'null', detailed: 'absent' },
    ...cinder({ plain: 'a link', detailed: 'a link' }),
  },
  {
    case: 'list: the link behind a page that is not full',
    why: 'EVS has a null in the plain list (EVS API reference, 2.2).',
    simulatedEvs: { plain: 'null', detailed: 'absent' },
    ...cinder({ plain: 'absent', detailed: 'absent' }),
  },
  {
    case: 'list: where the link leads',
    why: 'EVS publishes links with an internal host and the version before (EVS API reference, 2.2).',
    simulatedEvs: 'https://volume.localdomain:8776/v2/{project}/snapshots',
    ...cinder('{endpoint}/v3/{project}/snapshots'),
  },
  {
    case: 'list: the link keeps the offset',
    why: 'A fault of Cinder’s: who follows the link skips as many again on each page. EVS is not known to.',
    simulatedEvs: false,
    ...cinder(true),
  },

  // --- changing and deleting
  ...['creating', 'deleting', 'error_deleting', 'backing-up'].map((status) => ({
    case: `delete: a snapshot that is ${status}`,
    why: 'EVS has a code for it (EVS API reference, 2.3).',
    simulatedEvs: [400, 'EVS.1047', EVS_NOT_DELETABLE],
    ...cinder([400, 'badRequest', NOT_DELETABLE]),
  })),
  { case: 'delete: twice at once', why: 'As a snapshot that is deleting.', simulatedEvs: [400, 'EVS.1047', EVS_NOT_DELETABLE], ...cinder([400, 'badRequest', NOT_DELETABLE]) },
  {
    case: 'metadata: an emoji',
    why: 'As in a name.',
    simulatedEvs: [200],
    ...cinder([500, 'computeFault', INTERNAL]),
  },

  // --- quota
  {
    case: 'quota: reached',
    why: 'Cinder names its exception before the text; EVS is not known to. The text itself is upstream’s on both (EVS API reference, 5.2).',
    simulatedEvs: [413, 'EVS.5413', 'Maximum number of snapshots allowed ({used}) exceeded'],
    ...cinder([413, 'overLimit', 'SnapshotLimitExceeded: Maximum number of snapshots allowed ({used}) exceeded']),
  },
  {
    case: 'quota: members of the answer',
    why: 'Each cloud has a set of three for its volume types, and the names of the types are its own.',
    simulatedEvs: ['volumes_SSD', 'gigabytes_SSD', 'snapshots_SSD'],
    ...cinder(['volumes___DEFAULT__', 'gigabytes___DEFAULT__', 'snapshots___DEFAULT__']),
  },
  {
    case: 'quota: of another project',
    why: 'A member of Cinder may not see it; of EVS it is not known, and the simulator shows its one project.',
    simulatedEvs: [200],
    ...cinder([403, 'forbidden', "Policy doesn't allow volume_extension:quotas:show to be performed."]),
  },

  // --- through our client
  {
    case: 'client: a snapshot that cannot be deleted in its state',
    why: 'See "delete: a snapshot that is creating". EVS.1047 may pass by itself and says so with its code; the text of Cinder is read for it.',
    simulatedEvs: { kind: 'conflict', httpStatus: 400, code: 'EVS.1047' },
    ...cinder({ kind: 'conflict', httpStatus: 400, code: 'badRequest' }),
  },
];

/** The cases in which the simulated Cinder is not like the real one. */
export const unfaithful: readonly string[] = differences
  .filter(({ simulatedCinder, realCinder }) => JSON.stringify(simulatedCinder) !== JSON.stringify(realCinder))
  .map((difference) => difference.case);

const met = new Set<string>();

/** What that cloud does where the clouds differ. */
export function differing(kind: CloudKind, name: string): unknown {
  const difference = differences.find((entry) => entry.case === name);
  if (difference === undefined) throw new Error(`no difference is listed for: ${name}`);
  met.add(name);
  return difference[kind];
}

/** What that cloud does: what all do, unless a difference is listed under the name. */
export function expectedOf(kind: CloudKind, name: string, common: unknown): unknown {
  return differences.some((entry) => entry.case === name) ? differing(kind, name) : common;
}

/** Listed, and never asked for: a slip of the pen, or a test that went. */
export function unmet(): readonly string[] {
  return differences.map((difference) => difference.case).filter((name) => !met.has(name));
}
