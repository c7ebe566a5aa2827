import { createServer as createHttpsServer } from 'node:https';
import { connect, createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pool } from 'undici';
import { dispatchOnce } from '#adapters/http-client/dispatch-once';
import { createHttpClient, type HttpClientOptions } from '#adapters/http-client/http-client';
import type { HttpClient } from '#adapters/http-client/http-exchange';
import { toTransportError, TransportError } from '#adapters/http-client/transport-error';
import type { LostAnswer } from '#domain/failure/call-facts';
import { durationMs } from '#domain/time';
import { CA_CERTIFICATE, SERVER_CERTIFICATE, SERVER_KEY } from './local-tls.ts';
import { startStub, type Stub } from './stub-server.ts';

let stub: Stub;
const closers: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  for (const name of ['http_proxy', 'https_proxy', 'no_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY']) vi.stubEnv(name, undefined);
  stub = await startStub();
});
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
  await stub.close();
});

function client(options: Partial<HttpClientOptions> & { timeoutMs?: number } = {}): HttpClient {
  const { timeoutMs = 5_000, ...rest } = options;
  const made = createHttpClient({ version: '1.2.3', timeout: durationMs(timeoutMs), caFile: null, ...rest });
  closers.push(async () => made.close());
  return made;
}

async function get(http: HttpClient, url: string, headers: Record<string, string> = {}) {
  return http.request({ method: 'GET', url, headers, body: null });
}

async function lostOf(promise: Promise<unknown>): Promise<Omit<LostAnswer, 'type'>> {
  const error = await promise.then(() => null, (reason: unknown) => reason);
  if (!(error instanceof TransportError)) throw new Error(`no TransportError: ${String(error)}`);
  expect(error.cause).toBeUndefined();
  const { phase, code, detail } = error.fact;
  return { phase, code, detail };
}

async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  closers.push(async () => new Promise((resolve) => server.close(resolve)));
  return (server.address() as AddressInfo).port;
}

/** A server that answers any request with raw bytes. */
async function rawServer(answer: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => answer(socket));
  });
  const port = await listen(server);
  closers.push(async () => sockets.forEach((socket) => socket.destroy()));
  return `http://127.0.0.1:${port}/`;
}

describe('a complete answer', () => {
  it.each([200, 202, 301, 307, 404, 500])('%i comes back as it is, followed nowhere', async (status) => {
    stub.on('GET', '/a', { status, headers: { location: `${stub.url}/elsewhere`, 'X-Mixed': 'Case' }, body: '{"ü":1}' });
    const response = await get(client(), `${stub.url}/a`);
    expect(response).toMatchObject({ status, body: '{"ü":1}', headers: { 'x-mixed': 'Case' } });
    expect(stub.requests).toHaveLength(1);
  });

  it('the path is sent as written, with our name, on one connection', async () => {
    stub.on('GET', '/a/%2e%2e/b', { status: 200 });
    const http = client();
    for (let call = 0; call < 3; call += 1) await get(http, `${stub.url}/a/%2e%2e/b?q=%7E*`, { 'X-Auth-Token': 't' });
    expect(stub.requests[0]).toMatchObject({ url: '/a/%2e%2e/b?q=%7E*', headers: { 'user-agent': 'snapkeep/1.2.3', 'x-auth-token': 't', connection: 'keep-alive' } });
  });

  it('headers of 40 KB are no trouble', async () => {
    const token = 'A'.repeat(40_000);
    stub.on('GET', '/a', { status: 200, headers: { 'x-subject-token': token } });
    expect((await get(client(), `${stub.url}/a`)).headers['x-subject-token']).toBe(token);
  });

  it('an answer by halves, after a 103, is put together', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\nx-two: a\r\nx-two: b\r\n\r\n3\r\nab');
      setImmediate(() => socket.write('c\r\n2\r\nde\r\n0\r\n\r\n'));
    });
    expect(await get(client(), url)).toEqual({ status: 200, headers: { 'transfer-encoding': 'chunked', 'x-two': 'a, b' }, body: 'abcde' });
  });

  it('no more connections than allowed', async () => {
    let open = 0;
    let most = 0;
    const server = createServer((_request, response) => setImmediate(() => response.end('ok')));
    server.on('connection', (socket) => {
      most = Math.max(most, (open += 1));
      socket.on('close', () => (open -= 1));
    });
    const port = await listen(server);
    const http = client({ connections: 3 });
    await Promise.all(Array.from({ length: 40 }, async () => get(http, `http://127.0.0.1:${port}/`)));
    expect(most).toBe(3);
    await http.close();
  });
});

describe('a lost answer', () => {
  it('nobody listens: never sent', async () => {
    const server = createTcpServer();
    const port = await listen(server);
    await closers.pop()?.();
    expect(await lostOf(get(client(), `http://127.0.0.1:${port}/`))).toEqual({ phase: 'connect', code: 'refused', detail: 'the connection was refused (ECONNREFUSED)' });
    expect(await lostOf(get(client(), `http://localhost:${port}/`))).toMatchObject({ phase: 'connect', code: 'refused' });
  });

  it('no such host: never sent', async () => {
    expect(await lostOf(get(client(), 'http://no-such-host.invalid/'))).toMatchObject({ phase: 'connect', code: 'dns' });
  });

  it.each([
    ['before any answer', '', 'sent'],
    ['amid the headers', 'HTTP/1.1 200 OK\r\nx-a: ', 'headers'],
    ['amid the body', 'HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nabc', 'body'],
    ['amid a chunk', 'HTTP/1.1 202 Accepted\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab', 'body'],
  ])('the connection is cut %s', async (_name, bytes, phase) => {
    const url = await rawServer((socket) => {
      if (bytes === '') socket.destroy();
      else socket.end(bytes);
    });
    expect(await lostOf(get(client(), url))).toMatchObject({ phase, code: 'reset' });
  });

  it.each([
    ['no answer at all', '', 'sent'],
    ['half a body', 'HTTP/1.1 202 Accepted\r\ncontent-length: 10\r\n\r\nabc', 'body'],
  ])('%s in time', async (_name, bytes, phase) => {
    const url = await rawServer((socket) => socket.write(bytes));
    expect(await lostOf(get(client({ timeoutMs: 60 }), url))).toEqual({ phase, code: 'timeout', detail: 'no answer within 60 ms' });
  });

  it('a body that drips past the deadline', async () => {
    const url = await rawServer((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
      const drip = setInterval(() => socket.write('1\r\na\r\n'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    expect(await lostOf(get(client({ timeoutMs: 80 }), url))).toMatchObject({ phase: 'body', code: 'timeout' });
  });

  it('a call that waits for a connection past its time was never sent', async () => {
    stub.on('GET', '/slow', 'hang');
    const pool = new Pool(stub.url, { connections: 1, pipelining: 1 });
    closers.push(async () => pool.destroy());
    const once = { method: 'GET', headers: {}, body: null, maxResponseBytes: 100 } as const;
    const slow = lostOf(dispatchOnce(pool, { ...once, url: `${stub.url}/slow`, timeoutMs: 10_000 }));
    expect(await lostOf(dispatchOnce(pool, { ...once, url: `${stub.url}/never`, timeoutMs: 50 }))).toMatchObject({ phase: 'connect', code: 'timeout' });
    await pool.destroy();
    await slow;
    expect(stub.count('GET', '/never')).toBe(0);
  });

  it.each([
    ['is no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', 'malformed'],
    ['has headers without end', `HTTP/1.1 200 OK\r\n${'x-a: b\r\n'.repeat(20_000)}`, 'too_large'],
    ['has a length that is none', 'HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n', 'malformed'],
  ])('an answer that %s', async (_name, bytes, code) => {
    const url = await rawServer((socket) => socket.write(bytes));
    expect(await lostOf(get(client({ timeoutMs: 2_000 }), url))).toMatchObject({ code });
  });

  it('a body over the limit is given up, a body at the limit is not', async () => {
    stub.on('GET', '/at', { status: 200, body: 'x'.repeat(1_000) });
    stub.on('GET', '/over', { status: 200, body: 'x'.repeat(1_001) });
    const http = client({ maxResponseBytes: 1_000 });
    expect((await get(http, `${stub.url}/at`)).body).toHaveLength(1_000);
    expect(await lostOf(get(http, `${stub.url}/over`))).toEqual({ phase: 'body', code: 'too_large', detail: 'the answer is over 1000 bytes' });
  });

  it('an endpoint that is no address, or a header that cannot be sent', async () => {
    expect(await lostOf(get(client(), 'ftp://host/'))).toMatchObject({ phase: 'connect', code: 'network' });
    expect(await lostOf(get(client(), `${stub.url}/`, { 'x-auth-token': 'two\nlines' }))).toMatchObject({ phase: 'connect' });
  });

  it('a closed client', async () => {
    const http = client();
    await http.close();
    expect(await lostOf(get(http, `${stub.url}/`))).toEqual({ phase: 'connect', code: 'closed', detail: 'the client is closed' });
  });
});

describe('abort', () => {
  it('before, while waiting for a connection, while waiting for the answer', async () => {
    const url = await rawServer(() => undefined);
    const http = client({ connections: 1 });
    const stop = new AbortController();
    const options = { method: 'GET', url, headers: {}, body: null, signal: stop.signal } as const;
    const calls = [http.request(options), http.request(options)];
    const settled = Promise.allSettled(calls);
    const reason = new Error('enough');
    setImmediate(() => stop.abort(reason));
    expect(await settled).toEqual([{ status: 'rejected', reason }, { status: 'rejected', reason }]);
    await expect(http.request(options)).rejects.toBe(reason);
  });

  it('leaves the connection pool in order', async () => {
    stub.on('GET', '/slow', 'hang');
    stub.on('GET', '/a', { status: 200 });
    const http = client({ connections: 1 });
    const stop = new AbortController();
    const slow = http.request({ method: 'GET', url: `${stub.url}/slow`, headers: {}, body: null, signal: stop.signal });
    await expect.poll(() => stub.count('GET', '/slow')).toBe(1);
    stop.abort(new Error('enough'));
    await expect(slow).rejects.toThrow('enough');
    expect((await get(http, `${stub.url}/a`)).status).toBe(200);
  });
});

describe('TLS', () => {
  async function tlsServer(): Promise<number> {
    const server = createHttpsServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, (_request, response) => response.end('secure'));
    server.on('tlsClientError', () => undefined);
    return listen(server);
  }

  it('trusts the certificates of its own file', async () => {
    const caFile = join(await mkdtemp(join(tmpdir(), 'ca-')), 'ca.pem');
    await writeFile(caFile, CA_CERTIFICATE);
    const port = await tlsServer();
    const http = client({ caFile });
    expect((await get(http, `https://localhost:${port}/`)).body).toBe('secure');
    await http.close();
  });

  it('trusts nobody else: never sent', async () => {
    const port = await tlsServer();
    expect(await lostOf(get(client(), `https://localhost:${port}/`))).toMatchObject({ phase: 'connect', code: 'tls' });
    expect(await lostOf(get(client(), `${stub.url.replace('http', 'https')}/`))).toMatchObject({ phase: 'connect', code: 'tls' });
  });

  it.each([
    ['missing', null, 'ENOENT'],
    ['no certificate', 'hello', 'no certificate in it'],
    ['broken', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n', 'ERR_'],
  ])('says that the file is %s, at each call until it is good', async (_name, text, reason) => {
    const caFile = join(await mkdtemp(join(tmpdir(), 'ca-')), 'ca.pem');
    if (text !== null) await writeFile(caFile, text);
    const http = client({ caFile });
    const lost = await lostOf(get(http, `${stub.url}/a`));
    expect(lost).toMatchObject({ phase: 'connect', code: 'tls' });
    expect(lost.detail).toContain(caFile);
    expect(lost.detail).toContain(reason);
    await writeFile(caFile, CA_CERTIFICATE);
    stub.on('GET', '/a', { status: 200 });
    expect((await get(http, `${stub.url}/a`)).status).toBe(200);
  });
});

describe('proxy', () => {
  async function proxy(options: { refuse?: number } = {}): Promise<{ url: string; seen: string[] }> {
    const seen: string[] = [];
    const server = createServer((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
      response.writeHead(options.refuse ?? 200).end('by proxy');
    });
    server.on('connect', (request, socket: Socket) => {
      seen.push(`CONNECT ${request.url}`);
      if (options.refuse !== undefined) {
        socket.end(`HTTP/1.1 ${options.refuse} No\r\n\r\n`);
        return;
      }
      const [host = '', port = ''] = (request.url ?? '').split(':');
      const upstream = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const each of [upstream, socket]) each.on('error', () => each.destroy());
    });
    const port = await listen(server);
    closers.push(async () => server.closeAllConnections());
    return { url: `127.0.0.1:${port}`, seen };
  }

  it('goes through HTTP_PROXY, but not where NO_PROXY says so', async () => {
    const { url, seen } = await proxy();
    vi.stubEnv('HTTP_PROXY', `http://user:canary-pw@${url}`);
    vi.stubEnv('NO_PROXY', 'direct.example,127.0.0.1');
    const http = client();
    expect((await get(http, 'http://cloud.example/a?b=1')).body).toBe('by proxy');
    expect(seen).toEqual([`GET http://cloud.example/a?b=1 Basic ${Buffer.from('user:canary-pw').toString('base64')}`]);
    stub.on('GET', '/a', { status: 200, body: 'direct' });
    expect((await get(http, `${stub.url}/a`)).body).toBe('direct');
  });

  it('goes through HTTPS_PROXY by a tunnel, with the target\'s own certificates', async () => {
    const { url, seen } = await proxy();
    vi.stubEnv('HTTPS_PROXY', `http://${url}`);
    const server = createHttpsServer({ cert: SERVER_CERTIFICATE, key: SERVER_KEY }, (_request, response) => response.end('secure'));
    const port = await listen(server);
    const caFile = join(await mkdtemp(join(tmpdir(), 'ca-')), 'ca.pem');
    await writeFile(caFile, CA_CERTIFICATE);
    const http = client({ caFile });
    expect((await get(http, `https://localhost:${port}/`)).body).toBe('secure');
    expect(seen).toEqual([`CONNECT localhost:${port}`]);
    await http.close();
  });

  it.each([403, 407, 502])('a tunnel that the proxy refuses with %i was never sent through', async (refuse) => {
    const { url } = await proxy({ refuse });
    vi.stubEnv('HTTPS_PROXY', `http://user:canary-pw@${url}`);
    const lost = await lostOf(get(client(), 'https://cloud.example/'));
    expect(lost).toMatchObject({ phase: 'connect', code: 'proxy' });
    expect(JSON.stringify(lost)).not.toContain('canary');
  });

  it('a proxy that wants a login is no answer of the cloud', async () => {
    const { url } = await proxy({ refuse: 407 });
    vi.stubEnv('HTTP_PROXY', `http://${url}`);
    expect(await lostOf(get(client(), 'http://cloud.example/'))).toMatchObject({ code: 'proxy' });
  });

  it('a proxy address that is none fails calls without repeating its password', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://user:canary-pw@:bad:');
    const lost = await lostOf(get(client(), `${stub.url}/a`));
    expect(lost).toMatchObject({ phase: 'connect', code: 'proxy' });
    expect(JSON.stringify(lost)).not.toContain('canary');
  });
});

describe('toTransportError', () => {
  it.each<[unknown, string]>([
    [Object.assign(new Error('x'), { code: 'UND_ERR_CONNECT_TIMEOUT' }), 'timeout'],
    [Object.assign(new Error('x'), { code: 'EHOSTUNREACH' }), 'unreachable'],
    [Object.assign(new Error('x'), { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }), 'tls'],
    [Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }), 'tls'],
    [Object.assign(new Error('x'), { code: 'ERR_TLS_CERT_ALTNAME_INVALID' }), 'tls'],
    [Object.assign(new Error('x'), { code: 'EPERM' }), 'network'],
    [new AggregateError([Object.assign(new Error('x'), { code: 'ECONNREFUSED' })]), 'refused'],
    [new Error('outer', { cause: Object.assign(new Error('x'), { code: 'EAI_AGAIN' }) }), 'dns'],
    [Object.assign(new Error('x'), { code: 'lower case, not a code' }), 'network'],
    [new Error('x'), 'network'],
    ['a text', 'network'],
    [null, 'network'],
  ])('%s is %s', (error, code) => {
    expect(toTransportError(error, 'connect').fact.code).toBe(code);
  });
});
