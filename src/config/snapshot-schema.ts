import { z } from 'zod';
import { templateProblem } from '#domain/naming/check-template';
import { CLOUD_PREFIX, OWNED_PREFIX } from '#domain/naming/owned-metadata';
import { firstBeyondBmp } from '#domain/naming/plain-text';
import { mustBeText, strictObject } from './scalars.ts';

const maxMetadataLength = 255;

const MetadataKey = z.string().superRefine((key, context) => {
  const length = [...key].length;
  let message: string | null = null;
  if (!/^[A-Za-z0-9_:. /-]*$/.test(key) || length === 0) {
    message = `key "${key}" holds more than a cloud takes; use letters a to z, digits and _ : . / - and blanks`;
  } else if (length > maxMetadataLength) {
    message = `the key has ${length} characters; ${maxMetadataLength} is the limit`;
  } else if (key.startsWith(OWNED_PREFIX) || key.startsWith(CLOUD_PREFIX)) {
    const owner = key.startsWith(OWNED_PREFIX) ? 'snapkeep' : 'the cloud';
    message = `key "${key}" begins like the keys of ${owner}; begin it with another word than ${OWNED_PREFIX} or ${CLOUD_PREFIX}`;
  }
  if (message !== null) context.addIssue({ code: 'custom', message });
});

const MetadataValue = z.string({ error: mustBeText('a metadata value') }).superRefine((value, context) => {
  const length = [...value].length;
  const astral = firstBeyondBmp(value);
  if (length > maxMetadataLength) {
    context.addIssue({ code: 'custom', message: `the value has ${length} characters; ${maxMetadataLength} is the limit` });
  }
  if (astral !== null) {
    context.addIssue({
      code: 'custom',
      message: `"${astral}" is outside the Basic Multilingual Plane and makes a Cinder answer 500; leave it out`,
    });
  }
});

const template = (use: 'name' | 'description') => (value: string, context: z.RefinementCtx<string>) => {
  const message = templateProblem(value, use);
  if (message !== null) context.addIssue({ code: 'custom', message });
};

/** `snapshot` of a policy, as written. */
export const SnapshotEntry = strictObject(
  {
    name: z
      .string({ error: mustBeText('name') })
      .superRefine(template('name'))
      .optional()
      .describe('Template of the name. Placeholders: {policy} {volume} (name or short id) {volumeId} {due} {instance}. At most 64 characters.'),
    description: z
      .string({ error: mustBeText('description') })
      // A block of text ends with a line break, and may hold more.
      .transform((value) => value.trim().replace(/\s*[\r\n]\s*/g, ' '))
      .superRefine(template('description'))
      .optional()
      .describe('Description, at most 85 characters; the placeholders of name work here, too.'),
    force: z
      .boolean({ error: 'force is true or false, without quotes' })
      .optional()
      .describe('Passed to the create call as is: true takes volumes that are in use, too.'),
    metadata: z
      .record(MetadataKey, MetadataValue, { error: 'metadata is a mapping of keys to texts, for example { team: payments }' })
      .optional()
      .describe('Passed to the create call beside the keys of snapkeep. Values are text: quote numbers and booleans.'),
  },
  'snapshot',
).describe('What the snapshots look like.');
export type SnapshotEntry = z.output<typeof SnapshotEntry>;
