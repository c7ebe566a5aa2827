import { z } from 'zod';
import { ApiError } from './api-error.ts';
import type { AnswerName, answers } from './schemas.ts';

type Shape = z.ZodObject;

/** One thing the API answers, as the OpenAPI document tells it and as requests are checked against it. */
export interface Operation {
  readonly id: string;
  readonly method: 'GET' | 'POST';
  /** OpenAPI's way: `/api/v1/runs/{id}`. */
  readonly path: string;
  readonly summary: string;
  readonly params: Shape;
  readonly query: Shape;
  readonly body: Shape | null;
  readonly answer: AnswerName;
  /** Answers with what the schema of the answer takes; what the schema does not know is not sent. */
  readonly handle: (input: { params: unknown; query: unknown; body: unknown }) => Promise<unknown>;
}

const none = z.strictObject({});

/** Ties the handler's types to the schemas. */
export function operation<P extends Shape = typeof none, Q extends Shape = typeof none, B extends Shape = typeof none, A extends AnswerName = AnswerName>(spec: {
  id: string;
  method: 'GET' | 'POST';
  path: string;
  summary: string;
  params?: P;
  query?: Q;
  body?: B;
  answer: A;
  handle: (input: { params: z.output<P>; query: z.output<Q>; body: z.output<B> }) => Promise<z.input<(typeof answers)[A]>>;
}): Operation {
  const { params = none, query = none, body, handle, ...rest } = spec;
  return {
    ...rest,
    params,
    query,
    body: spec.method === 'POST' ? (body ?? none) : null,
    handle: (input) => handle(input as { params: z.output<P>; query: z.output<Q>; body: z.output<B> }),
  };
}

/** The input as the schema reads it. Throws ApiError 400 that names what is wrong, and the known keys for an unknown one. */
export function checked(schema: Shape, input: unknown, what: 'query' | 'body' | 'path'): unknown {
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  const known = Object.keys(schema.shape);
  const problems = result.error.issues.map((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const there = known.length === 0 ? 'there are none' : `there are: ${known.join(', ')}`;
      return issue.keys.map((key) => `unknown ${what} key ${JSON.stringify(key.slice(0, 64))}; ${there}`).join('; ');
    }
    return `${what}${issue.path.length === 0 ? '' : ` ${issue.path.join('.')}`}: ${issue.message}`;
  });
  throw new ApiError('bad_request', problems.join('; '));
}
