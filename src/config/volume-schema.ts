import { z } from 'zod';
import { mustBeText, oneOrMore, strictObject, text } from './scalars.ts';

const texts = (what: string) => oneOrMore(text(what), mustBeText(`${what}, or each of a list,`));

const Entries = z
  .record(z.string().min(1), texts('a value'), { error: 'write keys with a value or a list of values, for example { backup: nightly }' })
  .refine((entries) => Object.keys(entries).length > 0, { error: 'no key is given; write for example { backup: nightly }, or leave it out' });

const Match = strictObject(
  {
    name: texts('a name').optional().describe('Name of the volume; * is any text and ? one character.'),
    tags: Entries.optional().describe('Tags of the volume (evs-v3 only); a list means any of its values.'),
    metadata: Entries.optional().describe('Metadata of the volume; a list means any of its values.'),
    availabilityZone: texts('an availability zone').optional().describe('Availability zone.'),
    status: texts('a status').optional().describe('Status of the volume, for example available or in-use.'),
  },
  'it',
).refine((match) => Object.values(match).some((value) => value !== undefined), {
  error: 'no key is given, which would hold for every volume; write name: "*" to mean all of them, or leave it out',
});

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** `volumes` of a policy, as written. */
export const VolumesEntry = strictObject(
  {
    ids: z
      .array(
        text('an id').transform((id) => (uuid.test(id) ? id.toLowerCase() : id)),
        { error: 'ids is a list of volume ids' },
      )
      .optional()
      .describe('Ids of volumes. One that the cloud does not know makes its run fail.'),
    match: Match.optional().describe('Volumes for which every given key holds; a list means any of its values.'),
    exclude: Match.optional().describe('Volumes to leave out, although named by id or matched; same keys as match.'),
  },
  'volumes',
).describe('Which volumes: at least one of ids and match.');
export type VolumesEntry = z.output<typeof VolumesEntry>;
