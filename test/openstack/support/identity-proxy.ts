import { createServer } from 'node:http';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { credentials } from './open-stack.ts';

/** Passes everything on to Keystone and counts the logins. */
export interface IdentityProxy extends AsyncDisposable {
  /** To be used as the identity endpoint. */
  readonly url: string;
  /** What Keystone answered to each login so far. */
  readonly logins: readonly number[];
}

export async function identityProxy(): Promise<IdentityProxy> {
  const logins: number[] = [];
  const server = createServer((request, response) => {
    async function passOn(): Promise<void> {
      const path = (request.url ?? '/').replace(/^\/v3/, '');
      const body = await text(request);
      const answer = await fetch(`${credentials.identityEndpoint}${path}`, {
        method: request.method ?? 'GET',
        headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
        ...(body === '' ? {} : { body }),
      });
      if (request.method === 'POST' && path.startsWith('/auth/tokens')) logins.push(answer.status);
      const kept = ['content-type', 'x-subject-token', 'x-openstack-request-id', 'www-authenticate'];
      for (const name of kept) {
        const value = answer.headers.get(name);
        if (value !== null) response.setHeader(name, value);
      }
      response.writeHead(answer.status).end(await answer.text());
    }
    passOn().catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    url: `http://127.0.0.1:${address.port}/v3`,
    logins,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
