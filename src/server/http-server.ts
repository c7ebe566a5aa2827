import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';
import { AdminGuard } from './admin-guard.ts';
import { ApiError, asApiError, ERROR_STATUS } from './api/api-error.ts';
import { operationsOf } from './api/operations.ts';
import type { ApiParts } from './api/operations.ts';
import { registerApi } from './api/register-api.ts';
import { registerBoard } from './queue-board.ts';
import type { BoardSource } from './queue-board.ts';
import { addSecurityHeaders } from './security-headers.ts';
import { registerPage } from './status-page.ts';

/** Why a part is not ready; null where it is. */
export type Check = () => string | null | Promise<string | null>;

export interface ServerParts {
  /** By name: `redis`, `config`, `worker`. */
  readonly readiness: Readonly<Record<string, Check>>;
  readonly metrics: () => Promise<{ contentType: string; text: Buffer }>;
  readonly api: ApiParts;
  /** What a change wants to be shown; null where nothing can be changed. */
  readonly adminToken: () => Promise<string | null>;
  readonly board: BoardSource;
  /** An answer that failed for no known reason. */
  readonly onError: (method: string, route: string, error: Error) => void;
  readonly version: string;
}

/** A check that does not answer within this is a check that failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** Bodies are a few flags and at most a list of volume ids. */
const BODY_LIMIT = 512 * 1024;

/** Routes here have no schemas of fastify's own kind, zod checks what comes and goes: the compilers for them are not even loaded. */
const noSchemas = (): never => {
  throw new Error('this server has no compiler for the schemas of fastify');
};
const NO_SCHEMAS = { buildValidator: noSchemas, buildSerializer: noSchemas };

/** The HTTP side; it is not listening yet. Only POST changes anything. */
export function createServer(parts: ServerParts): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true, bodyLimit: BODY_LIMIT, routerOptions: { maxParamLength: 300 }, schemaController: { compilersFactory: NO_SCHEMAS } });
  const guard = new AdminGuard(parts.adminToken);
  server.removeContentTypeParser('text/plain');
  addSecurityHeaders(server);
  server.setNotFoundHandler(async () => {
    throw new ApiError('not_found', 'nothing is here; /api/v1/openapi.json tells what there is');
  });
  server.setErrorHandler(async (error, request, reply) => {
    const { code, message, retryAfterSeconds } = await explain(error, parts.readiness['redis']);
    if (code === 'internal') parts.onError(request.method, request.routeOptions.url ?? '', error instanceof Error ? error : new Error(String(error)));
    if (retryAfterSeconds !== null) reply.header('retry-after', retryAfterSeconds);
    return reply.code(ERROR_STATUS[code]).header('cache-control', 'no-store').send({ error: { code, message } });
  });

  server.get('/livez', async (_request, reply) => reply.header('cache-control', 'no-store').send({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const entries = await Promise.all(Object.entries(parts.readiness).map(async ([name, check]) => [name, await answerOf(check)] as const));
    const ready = entries.every(([, problem]) => problem === null);
    const checks = Object.fromEntries(entries.map(([name, problem]) => [name, problem ?? 'ok']));
    return reply.header('cache-control', 'no-store').code(ready ? 200 : 503).send({ status: ready ? 'ok' : 'not ready', checks });
  });
  server.get('/metrics', async (_request, reply) => {
    const { contentType, text } = await parts.metrics();
    return reply.header('content-type', contentType).send(text);
  });
  registerApi(server, operationsOf(parts.api), { guard, version: parts.version });
  registerPage(server);
  registerBoard(server, guard, parts.board);
  return server;
}

/** An unexpected error while the store is away is most likely about that. */
async function explain(error: unknown, store: Check | undefined): Promise<ApiError> {
  const known = asApiError(error);
  if (known.code !== 'internal' || store === undefined || (await answerOf(store)) === null) return known;
  return new ApiError('store_unavailable', 'Redis does not answer');
}

async function answerOf(check: Check): Promise<string | null> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, CHECK_TIMEOUT_MS, 'no answer in time').unref());
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
