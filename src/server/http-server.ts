import { fastify } from 'fastify';
import type { FastifyInstance } from 'fastify';

/** Why a part is not ready; null where it is. */
export type Check = () => string | null | Promise<string | null>;

export interface ServerParts {
  /** By name: `redis`, `config`, `worker`. */
  readonly readiness: Readonly<Record<string, Check>>;
  readonly metrics: () => Promise<{ contentType: string; text: Buffer }>;
}

/** A check that does not answer within this is a check that failed. */
const CHECK_TIMEOUT_MS = 2_000;

/** The HTTP side. Nothing on it changes anything; it is not listening yet. */
export function createServer(parts: ServerParts): FastifyInstance {
  const server = fastify({ logger: false, forceCloseConnections: true });
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
  return server;
}

async function answerOf(check: Check): Promise<string | null> {
  const late = new Promise<string>((resolve) => setTimeout(resolve, CHECK_TIMEOUT_MS, 'no answer in time').unref());
  try {
    return await Promise.race([check(), late]);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
