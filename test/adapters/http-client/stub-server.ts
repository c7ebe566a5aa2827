import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface StubRequest {
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface StubReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** `destroy`: the connection is cut without an answer. `hang`: no answer ever. */
export type StubAnswer = StubReply | 'destroy' | 'hang';
export type StubHandler = StubAnswer | ((request: StubRequest, response: ServerResponse) => StubAnswer | undefined | Promise<StubAnswer | undefined>);

export interface Stub {
  readonly url: string;
  readonly requests: StubRequest[];
  /** Answers a method and path; several for one are used up in turn, the last stays. */
  on(method: string, path: string, ...handlers: readonly StubHandler[]): void;
  count(method: string, path: string): number;
  /** Fails over any request that nobody expected. */
  close(): Promise<void>;
}

/** A local HTTP server that plays recorded answers. */
export async function startStub(): Promise<Stub> {
  const routes = new Map<string, StubHandler[]>();
  const requests: StubRequest[] = [];
  const unexpected: string[] = [];
  const server = createServer((incoming, response) => {
    void serve(incoming, response);
  });

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    let body: string;
    try {
      body = await text(incoming);
    } catch {
      return;
    }
    const [path = '', query = ''] = (incoming.url ?? '').split('?');
    const request = {
      method: incoming.method ?? '',
      url: incoming.url ?? '',
      path,
      query: new URLSearchParams(query),
      headers: incoming.headers,
      body,
    };
    requests.push(request);
    const handlers = routes.get(`${request.method} ${path}`);
    const handler = handlers !== undefined && handlers.length > 1 ? handlers.shift() : handlers?.[0];
    if (handler === undefined) {
      unexpected.push(`${request.method} ${request.url}`);
      response.writeHead(599).end('unexpected');
      return;
    }
    const answer = typeof handler === 'function' ? await handler(request, response) : handler;
    if (answer === undefined || answer === 'hang') return;
    if (answer === 'destroy') {
      incoming.socket.destroy();
      return;
    }
    const reply = answer.body === undefined ? '' : typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(reply);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    on(method, path, ...handlers) {
      routes.set(`${method} ${path}`, [...handlers]);
    },
    count: (method, path) => requests.filter((request) => request.method === method && request.path === path).length,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (unexpected.length > 0) throw new Error(`unexpected requests: ${unexpected.join(', ')}`);
    },
  };
}
