import { createHash } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AdminGuard } from '../admin-guard.ts';
import { ApiError } from './api-error.ts';
import { checked } from './operation.ts';
import type { Operation } from './operation.ts';
import { openApiOf } from './openapi.ts';
import { RateLimiter } from './rate-limiter.ts';
import { answers } from './schemas.ts';
import { SharedAnswers } from './shared-answers.ts';

/** For each address and minute: a page open in many tabs asks far less, and people act less often. */
const MAX_READS = 1_200;
const MAX_CHANGES = 60;
const MINUTE_MS = 60_000;

interface Answer {
  readonly text: string;
  readonly etag: string;
}

/** Puts the operations and the document that describes them under their paths. */
export function registerApi(server: FastifyInstance, operations: readonly Operation[], { guard, version }: { guard: AdminGuard; version: string }): void {
  const reads = new RateLimiter({ max: MAX_READS, windowMs: MINUTE_MS });
  const changes = new RateLimiter({ max: MAX_CHANGES, windowMs: MINUTE_MS });
  const shared = new SharedAnswers<Answer>();
  let document: Answer | null = null;

  for (const each of operations) {
    const url = each.path.replace(/\{(\w+)\}/g, ':$1');
    if (each.method === 'GET') {
      server.get(url, { onRequest: async ({ ip }) => limit(reads, ip) }, async (request, reply) => send(request, reply, await shared.get(request.url, () => answerTo(each, request))));
    } else {
      server.post(url, { onRequest: async (request) => {
        await guard.check(request, 'bearer');
        limit(changes, request.ip);
      } }, async (request, reply) => send(request, reply, await answerTo(each, request).finally(() => shared.forget())));
    }
  }
  server.get('/api/v1/openapi.json', { onRequest: async ({ ip }) => limit(reads, ip) }, async (request, reply) => {
    document ??= answerOf(openApiOf(operations, version));
    return send(request, reply, document);
  });
}

function limit(limiter: RateLimiter, address: string): void {
  const wait = limiter.waitSeconds(address);
  if (wait !== null) throw new ApiError('too_many_requests', 'too many requests', wait);
  limiter.count(address);
}

async function answerTo({ params, query, body, answer, handle }: Operation, request: FastifyRequest): Promise<Answer> {
  const input = {
    params: checked(params, request.params, 'path'),
    query: checked(query, request.query, 'query'),
    body: body === null ? undefined : checked(body, request.body, 'body'),
  };
  return answerOf(answers[answer].parse(await handle(input)));
}

function answerOf(value: unknown): Answer {
  const text = JSON.stringify(value);
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}

/** An answer that the asker has already is not sent again. */
async function send(request: FastifyRequest, reply: FastifyReply, { text, etag }: Answer): Promise<FastifyReply> {
  reply.header('cache-control', request.method === 'POST' ? 'no-store' : 'no-cache').header('etag', etag);
  if (request.method !== 'POST' && request.headers['if-none-match'] === etag) return reply.code(304).send();
  return reply.header('content-type', 'application/json; charset=utf-8').send(text);
}
