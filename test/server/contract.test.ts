import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { beforeAll, describe, expect, test } from 'vitest';
import { fired, scene } from './scene.ts';

type Json = Record<string, unknown>;
interface Document extends Json {
  readonly paths: Record<string, Record<string, { responses: Record<string, { content: { 'application/json': { schema: { $ref: string } } } }> }>>;
  readonly components: { readonly schemas: Record<string, Json> };
}

let document: Document;
beforeAll(async () => {
  document = (await scene().server.inject('/api/v1/openapi.json')).json();
});

/** What is wrong with an answer by the document; empty where nothing is. */
function problems(method: string, path: string, answer: { statusCode: number; json: () => unknown }): string[] {
  const schema = document.paths[path]?.[method]?.responses[answer.statusCode]?.content['application/json'].schema;
  if (schema === undefined) return [`${method} ${path} ${answer.statusCode} is not in the document`];
  const ajv = new Ajv2020({ strict: true, allErrors: true });
  formats.default(ajv);
  ajv.addSchema({ $id: 'document', components: document.components, $defs: {} }, 'document', undefined, false);
  ajv.addKeyword('components');
  const validate = ajv.compile({ $ref: `document${schema.$ref}` });
  return validate(answer.json()) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

describe('the OpenAPI document', () => {
  test('is a valid one', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));
    expect(errors ?? []).toEqual([]);
    expect(valid).toBe(true);
    expect(document['openapi']).toBe('3.1.0');
  });

  test('has the routes of the contract; only POST wants the token', () => {
    expect(Object.keys(document.paths).toSorted()).toEqual([
      '/api/v1/overview', '/api/v1/plan', '/api/v1/policies/{policy}/grid', '/api/v1/policies/{policy}/pause', '/api/v1/policies/{policy}/prune',
      '/api/v1/policies/{policy}/resume', '/api/v1/policies/{policy}/trigger', '/api/v1/queues', '/api/v1/runs', '/api/v1/runs/{id}', '/api/v1/status', '/api/v1/status/{policy}',
    ]);
    for (const operations of Object.values(document.paths)) {
      for (const [method, operation] of Object.entries(operations)) expect('security' in operation).toBe(method === 'post');
    }
  });

  test('tells the parameters with their bounds', () => {
    const operation: unknown = document.paths['/api/v1/runs']?.['get'];
    const { parameters } = operation as { parameters: { name: string; required: boolean }[] };
    expect(parameters.map(({ name }) => name)).toEqual(['policy', 'volume', 'outcome', 'since', 'limit', 'after']);
    expect(parameters.every(({ required }) => !required)).toBe(true);
  });
});

describe('answers are what the document says', () => {
  test.each([
    ['/api/v1/status', '/api/v1/status'],
    ['/api/v1/status/{policy}', '/api/v1/status/nightly'],
    ['/api/v1/status/{policy}', '/api/v1/status/nobody'],
    ['/api/v1/overview', '/api/v1/overview'],
    ['/api/v1/runs', '/api/v1/runs'],
    ['/api/v1/runs', '/api/v1/runs?limit=0'],
    ['/api/v1/runs/{id}', '/api/v1/runs/nothing'],
    ['/api/v1/policies/{policy}/grid', '/api/v1/policies/nightly/grid'],
    ['/api/v1/queues', '/api/v1/queues'],
    ['/api/v1/plan', '/api/v1/plan?horizon=7d'],
  ])('GET %s: %s', async (path, url) => {
    const { server } = scene({ world: await fired() });
    expect(problems('get', path, await server.inject(url))).toEqual([]);
  });

  test('GET one run, failed with its attempts', async () => {
    const { server } = scene({ world: await fired() });
    const [run] = (await server.inject('/api/v1/runs?outcome=failed')).json().runs;
    const answer = await server.inject(`/api/v1/runs/${run.id}`);
    expect(answer.json()).toMatchObject({ id: run.id, outcome: 'failed', failure: { code: 'EVS.5400', requestId: 'req-1' }, attempts: [{ result: 'failed', httpStatus: 400 }] });
    expect(problems('get', '/api/v1/runs/{id}', answer)).toEqual([]);
  });

  test.each([
    ['trigger', { volumes: ['vol-1'] }],
    ['pause', {}],
    ['resume', { catchUp: true }],
    ['resume', {}],
    ['prune', { dryRun: true }],
    ['prune', { dryRun: 'yes' }],
  ])('POST %s %o', async (action, body) => {
    const { post } = scene();
    expect(problems('post', `/api/v1/policies/{policy}/${action}`, await post(`/api/v1/policies/nightly/${action}`, body))).toEqual([]);
    expect(problems('post', `/api/v1/policies/{policy}/${action}`, await post(`/api/v1/policies/nightly/${action}`, body, 'wrong'))).toEqual([]);
  });

  test('the check finds what is not so', async () => {
    const { server } = scene();
    const answer = await server.inject('/api/v1/queues');
    expect(problems('get', '/api/v1/status', answer)).not.toEqual([]);
  });
});
