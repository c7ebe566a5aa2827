import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema } from '#config/json-schema';

type Json = Readonly<Record<string, unknown>>;
const root: Json = policyJsonSchema();

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function json(value: unknown): Json {
  return isJson(value) ? value : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** As much of JSON Schema as our own schema uses; anything else in it makes a test below fail. */
function isValid(schema: Json, value: unknown): boolean {
  if (typeof schema['$ref'] === 'string') {
    const target = schema['$ref'].split('/').slice(1).reduce<unknown>((at, step) => json(at)[step], root);
    return isValid(json(target), value);
  }
  if (schema['anyOf'] !== undefined && !list(schema['anyOf']).some((each) => isValid(json(each), value))) return false;
  if (schema['oneOf'] !== undefined && list(schema['oneOf']).filter((each) => isValid(json(each), value)).length !== 1) return false;
  if (schema['const'] !== undefined && schema['const'] !== value) return false;
  if (schema['enum'] !== undefined && !list(schema['enum']).includes(value)) return false;
  switch (schema['type']) {
    case 'object':
      return isValidObject(schema, value);
    case 'array':
      return Array.isArray(value) && value.length >= Number(schema['minItems'] ?? 0) && value.every((each) => isValid(json(schema['items']), each));
    case 'string':
      return typeof value === 'string' && value.length >= Number(schema['minLength'] ?? 0) && hasPattern(schema['pattern'], value);
    case 'integer':
    case 'number':
      return typeof value === 'number' && value >= Number(schema['minimum'] ?? -Infinity) && value <= Number(schema['maximum'] ?? Infinity);
    case 'boolean':
      return typeof value === 'boolean';
    default:
      return true;
  }
}

function hasPattern(pattern: unknown, value: string): boolean {
  return typeof pattern !== 'string' || new RegExp(pattern, 'u').test(value);
}

function isValidObject(schema: Json, value: unknown): boolean {
  if (!isJson(value)) return false;
  const properties = json(schema['properties']);
  if (list(schema['required']).some((key) => typeof key === 'string' && !Object.hasOwn(value, key))) return false;
  return Object.entries(value).every(([key, inner]) => {
    if (Object.hasOwn(properties, key)) return isValid(json(properties[key]), inner);
    if (schema['additionalProperties'] === false) return false;
    return isValid(json(schema['propertyNames'] ?? {}), key) && isValid(json(schema['additionalProperties'] ?? {}), inner);
  });
}

const files = [
  ...readdirSync('config').filter((file) => file.endsWith('.yaml')).map((file) => join('config', file)),
  ...readdirSync('test/fixtures/valid').map((file) => join('test/fixtures/valid', file)),
];

describe('policyJsonSchema', () => {
  it.each(files)('%s is valid', (file) => {
    expect(isValid(root, parse(readFileSync(file, 'utf8').replace('\uFEFF', '')))).toBe(true);
  });

  it.each(['key-misspelt-policy', 'metadata-number', 'force-quoted', 'password-inline', 'rpo-number', 'limit-zero', 'policies-not-a-list', 'target-api-unknown'])(
    '%s is not',
    (name) => {
      expect(isValid(root, parse(readFileSync(`test/fixtures/invalid/${name}.yaml`, 'utf8')))).toBe(false);
    },
  );

  it('describes every key', () => {
    const silent: string[] = [];
    const visit = (value: unknown, path: string): void => {
      if (Array.isArray(value)) value.forEach((each, place) => visit(each, `${path}/${place}`));
      if (!isJson(value)) return;
      for (const [key, inner] of Object.entries(json(value['properties']))) {
        const target = typeof json(inner)['$ref'] === 'string' ? json(String(json(inner)['$ref']).split('/').slice(1).reduce<unknown>((at, step) => json(at)[step], root)) : {};
        if (json(inner)['description'] === undefined && target['description'] === undefined) silent.push(`${path}/${key}`);
      }
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}/${key}`);
    };
    visit(root, '');

    expect(silent).toEqual([]);
  });

  it('uses only the words the check above knows', () => {
    const known = new Set(['$schema', '$ref', '$defs', 'title', 'description', 'type', 'properties', 'required', 'additionalProperties', 'propertyNames', 'items', 'minItems', 'anyOf', 'oneOf', 'const', 'enum', 'pattern', 'minLength', 'minimum', 'maximum', 'exclusiveMinimum']);
    const unknown = new Set<string>();
    const visit = (schema: unknown): void => {
      if (!isJson(schema)) return;
      for (const key of Object.keys(schema)) if (!known.has(key)) unknown.add(key);
      for (const key of ['items', 'additionalProperties', 'propertyNames']) visit(schema[key]);
      for (const key of ['properties', '$defs']) Object.values(json(schema[key])).forEach(visit);
      for (const key of ['anyOf', 'oneOf']) list(schema[key]).forEach(visit);
    };
    visit(root);

    expect([...unknown]).toEqual([]);
  });
});
