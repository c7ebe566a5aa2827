import { fastify } from 'fastify';
import type { FastifyInstance, FastifyPluginCallback, FastifyReply, FastifyRequest } from 'fastify';
import type { AdminGuard } from './admin-guard.ts';
import { ApiError } from './api/api-error.ts';

/** Where the board is. */
export const BOARD_PATH = '/queues';

/** Its page brings styles and data within the markup; scripts are its own files, and it gets no other origin's. */
const BOARD_POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'self'; form-action 'none'; frame-ancestors 'none'";

type Board = FastifyPluginCallback<{ prefix: string }>;

/** The board as it is now, another one where there are other queues; null where there is nothing to show yet. */
export type BoardSource = () => Promise<Board | null>;

/**
 * The board of the queues, to look at only: behind the admin token, and loaded when first asked for, so that it costs
 * nothing where nobody does.
 */
export function registerBoard(server: FastifyInstance, guard: AdminGuard, source: BoardSource): void {
  let open: { readonly plugin: Board; readonly inner: Promise<FastifyInstance> } | null = null;

  async function current(): Promise<FastifyInstance> {
    const plugin = await source();
    if (plugin === null) throw new ApiError('store_unavailable', 'Redis has not answered yet');
    if (open?.plugin === plugin) return open.inner;
    const before = open;
    const opened = { plugin, inner: load(plugin) };
    open = opened;
    opened.inner.catch(() => {
      if (open === opened) open = null;
    });
    await before?.inner.then((inner) => inner.close(), () => undefined);
    return opened.inner;
  }

  async function load(plugin: Board): Promise<FastifyInstance> {
    const inner = fastify({ logger: false });
    await inner.register(plugin, { prefix: BOARD_PATH });
    await inner.ready();
    return inner;
  }

  for (const path of [BOARD_PATH, `${BOARD_PATH}/*`]) server.get(path, async (request, reply) => serve(request, reply));
  server.addHook('onClose', async () => (await open?.inner.catch(() => null))?.close());

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
    try {
      await guard.check(request, 'bearer or basic');
    } catch (error) {
      if (error instanceof ApiError && error.code === 'unauthorized') reply.header('www-authenticate', 'Basic realm="snapkeep: any user, the admin token as password"');
      throw error;
    }
    const inner = await current();
    reply.hijack();
    for (const [name, value] of [
      ['content-security-policy', BOARD_POLICY],
      ['x-content-type-options', 'nosniff'],
      ['x-frame-options', 'DENY'],
      ['referrer-policy', 'no-referrer'],
      ['cache-control', 'no-store'],
    ] as const) reply.raw.setHeader(name, value);
    inner.routing(request.raw, reply.raw);
    return reply;
  }
}
