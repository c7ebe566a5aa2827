import { z } from 'zod';
import { ERROR_STATUS } from './api-error.ts';
import type { ErrorCode } from './api-error.ts';
import type { Operation } from './operation.ts';
import { answers } from './schemas.ts';

type Json = Record<string, unknown>;

const alwaysPossible: readonly ErrorCode[] = ['bad_request', 'too_many_requests', 'internal', 'store_unavailable'];
const ofPost: readonly ErrorCode[] = ['unauthorized', 'forbidden', 'refused', 'too_large', 'unsupported_media_type', 'not_implemented', 'cloud_failed'];

/** The OpenAPI 3.1 document of these operations. */
export function openApiOf(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Json> = {};
  for (const each of operations) {
    paths[each.path] = { ...paths[each.path], [each.method.toLowerCase()]: describe(each) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'snapkeep',
      version,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description: 'Instants are UTC, ISO 8601 with Z; null where nothing is known; new fields may come, none is renamed. GET answers carry an ETag. Unknown query and body keys are refused.',
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { admin: { type: 'http', scheme: 'bearer', description: 'The token in the file given by --admin-token-file' } },
      schemas: Object.fromEntries(Object.entries(answers).map(([name, schema]) => [name, schemaOf(schema, 'output')])),
    },
  };
}

function describe({ id, method, summary, params, query, body, answer, path }: Operation): Json {
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  const codes = [...alwaysPossible, ...(path.includes('{') ? (['not_found'] as const) : []), ...(method === 'POST' ? ofPost : []), ...(id === 'plan' ? (['not_found', 'not_implemented', 'cloud_failed'] as const) : [])];
  return {
    operationId: id,
    summary,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: { required: false, content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    ...(method === 'POST' ? { security: [{ admin: [] }] } : {}),
    responses: {
      200: { description: 'done', content: jsonOf(answer) },
      ...Object.fromEntries(codes.map((code) => [ERROR_STATUS[code], { description: `\`${code}\``, content: jsonOf('Error') }])),
    },
  };
}

function jsonOf(name: string): Json {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function parametersOf(shape: Operation['query'], place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = schemaOf(shape, 'input') as { properties?: Record<string, Json>; required?: string[] };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: 'draft-2020-12' });
  return rest;
}
