import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { FastifyInstance } from 'fastify';
import { PAGE_POLICY } from './security-headers.ts';

/** Path, file under page/, type. */
const FILES = [
  ['/', 'index.html', 'text/html; charset=utf-8'],
  ['/page.css', 'page.css', 'text/css; charset=utf-8'],
  ['/page.js', 'page.js', 'text/javascript; charset=utf-8'],
  ['/words.js', 'words.js', 'text/javascript; charset=utf-8'],
  ['/elements.js', 'elements.js', 'text/javascript; charset=utf-8'],
  ['/live.js', 'live.js', 'text/javascript; charset=utf-8'],
  ['/policies.js', 'policies.js', 'text/javascript; charset=utf-8'],
  ['/grid.js', 'grid.js', 'text/javascript; charset=utf-8'],
  ['/run.js', 'run.js', 'text/javascript; charset=utf-8'],
  ['/favicon.svg', 'favicon.svg', 'image/svg+xml'],
] as const;

/** The status page: files of our own, held in memory. */
export function registerPage(server: FastifyInstance): void {
  for (const [path, file, type] of FILES) {
    const content = readFileSync(new URL(`page/${file}`, import.meta.url));
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    server.get(path, async (request, reply) => {
      reply.headers({ 'content-security-policy': PAGE_POLICY, 'cache-control': 'no-cache', etag });
      if (request.headers['if-none-match'] === etag) return reply.code(304).send();
      return reply.header('content-type', type).send(content);
    });
  }
}
