import { z } from 'zod';
import { SECOND } from '#domain/time';
import { duration, httpUrl, mustBeText, Name, Secret, strictObject, text, wholeNumber } from './scalars.ts';

const Agency = strictObject(
  {
    domain: text('domain').describe('Account that created the agency.'),
    name: text('name').describe('Name of the agency.'),
  },
  'agency',
).describe('Cross-account: after logging in, take the role of this agency in another account.');

const PasswordAuth = strictObject(
  {
    type: z.literal('password').describe('User name and password, answered with a token.'),
    identityEndpoint: httpUrl('identityEndpoint', 'https://iam.eu-west-101.myhuaweicloud.com/v3').describe(
      'URL of IAM or Keystone, with /v3.',
    ),
    username: text('username').describe('Name of the user.'),
    domain: text('domain').optional().describe('Account on Huawei Cloud; on Keystone the domain of user and project.'),
    userDomain: text('userDomain').optional().describe('Keystone: domain of the user where it is not `domain`.'),
    projectDomain: text('projectDomain').optional().describe('Keystone: domain of the project where it is not `domain`.'),
    projectName: text('projectName').optional().describe('Scope by the name of the project instead of `projectId`.'),
    password: Secret,
    agency: Agency.optional(),
  },
  'auth',
);

const AccessKeyAuth = strictObject(
  {
    type: z.literal('aksk').describe('Access key and secret key; each request is signed. Huawei Cloud only.'),
    accessKey: Secret,
    secretKey: Secret,
    securityToken: Secret.optional(),
  },
  'auth',
);

const TokenAuth = strictObject(
  {
    type: z.literal('token').describe('A token made elsewhere; it is never renewed.'),
    token: Secret,
  },
  'auth',
);

const Limits = strictObject(
  {
    requestsPerSecond: z
      .number({ error: 'write a number above 0 and up to 10000, without quotes' })
      .gt(0, { error: 'write a number above 0 and up to 10000' })
      .max(10_000, { error: 'write a number above 0 and up to 10000' })
      .optional()
      .describe('All calls of all replicas together; adaptive below it when the cloud throttles. Absent: no limit of our own.'),
    concurrentCreates: wholeNumber(1, 10_000).optional().describe('Create calls under way at once, over all replicas.'),
    snapshotsPerVolume: wholeNumber(1, 100_000)
      .optional()
      .describe("The cloud's own cap of snapshots of one volume. Absent: 7 for evs-v3, none for cinder-v3."),
  },
  'limits',
).describe('What all replicas together may ask of this target.');

const endpointExample = 'https://evs.eu-west-101.myhuaweicloud.com';

/** One entry of `targets`, as written. Absent keys are filled in by `targetOf`. */
export const TargetEntry = strictObject(
  {
    name: Name.describe('Name that policies refer to; 1 to 32 characters of a-z, 0-9 and hyphen.'),
    api: z
      .enum(['evs-v3', 'cinder-v3'], {
        error: (issue) =>
          issue.input === 'evs-v5' ? 'evs-v5 is not supported yet; write evs-v3' : 'write evs-v3 (Huawei Cloud) or cinder-v3 (OpenStack)',
      })
      .describe('API family the target speaks.'),
    endpoint: httpUrl('endpoint', endpointExample)
      .refine((url) => !/\/v\d+(\.\d+)?(\/[^/]+)?$/.test(url), {
        error: `endpoint is the base URL: leave out /v3 and the project id, which are appended, for example ${endpointExample}`,
      })
      .describe('Base URL of the service; /v3/{projectId}/... is appended.'),
    projectId: z
      .string({ error: mustBeText('projectId') })
      .regex(/^[A-Za-z0-9_-]{1,64}$/, {
        error: 'projectId is the id of the project (32 hex digits, or a uuid), for example 0970dd9c1a0026a62fddc0038c52b5eb',
      })
      .describe('Id of the project; not its name.'),
    auth: z
      .discriminatedUnion('type', [PasswordAuth, AccessKeyAuth, TokenAuth], {
        error: (issue) => (issue.code === 'invalid_union' ? 'write type: password, aksk or token' : 'auth is a mapping with type: password, aksk or token'),
      })
      .describe('How to log in.'),
    limits: Limits.optional(),
    caFile: text('caFile').optional().describe("PEM file of certificate authorities to trust beside the system's."),
    timeout: duration(SECOND).optional().describe('How long one call may take, connect to last byte.'),
  },
  'a target',
).describe('One cloud project in one region, with its credentials and limits.');
export type TargetEntry = z.output<typeof TargetEntry>;
