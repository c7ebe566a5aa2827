import { z } from 'zod';
import { PolicyFile } from './policy-schema.ts';

/**
 * The JSON Schema (draft 2020-12) of policy files, for editors: shapes, descriptions and patterns. What only the loader
 * can tell (cron, zones, references, lengths of names) is not in it.
 */
export function policyJsonSchema(): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(PolicyFile, { target: 'draft-2020-12', io: 'input', reused: 'ref' });
  const { $schema, ...rest } = schema;
  return { $schema, title: 'snapkeep policy file', ...rest };
}
