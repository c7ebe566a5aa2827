import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { PolicyFile } from '../../src/config/policy-schema.ts';

type Schema = Record<string, unknown>;

const file = fileURLToPath(new URL('../../helm/values.schema.json', import.meta.url));

/**
 * Keys that YAML 1.1, which Helm reads values with, makes of `on:`, `no:`, `~:`, `0755:` and `1e3:` without saying so. What
 * was written cannot be told any more, so they are refused; nothing is lost but keys that begin with a digit.
 */
const changedByYaml11 = '^(?:true|false|null|[-+.]?[0-9].*)$';

/** The values schema with `config` as the policy file's schema has it; draft 7 is the one that all versions of Helm 3 and 4 read. */
export function chartSchema(written: string): string {
  const schema = JSON.parse(written) as { properties: Schema };
  const { $schema: _, required: __, ...policyFile } = z.toJSONSchema(PolicyFile, { target: 'draft-7', io: 'input', reused: 'inline' });
  const config = { ...policyFile, required: ['instance', 'targets', 'policies'] };
  schema.properties['config'] = JSON.parse(JSON.stringify(config), refuseChangedKeys);
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** Maps whose keys the user chooses: metadata and tags. */
function refuseChangedKeys(_: string, value: unknown): unknown {
  const isFreeMap = typeof value === 'object' && value !== null && 'propertyNames' in value;
  return isFreeMap ? { ...value, propertyNames: { not: { pattern: changedByYaml11 } } } : value;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(file, chartSchema(readFileSync(file, 'utf8')));
