import { Agent, EnvHttpProxyAgent, type Dispatcher } from 'undici';
import type { DurationMs } from '#domain/time';
import { dispatchOnce } from './dispatch-once.ts';
import type { HttpClient } from './http-exchange.ts';
import { readTrust } from './trust.ts';
import { TransportError } from './transport-error.ts';

export interface HttpClientOptions {
  readonly version: string;
  /** From connecting to the last byte. */
  readonly timeout: DurationMs;
  readonly caFile: string | null;
  /** Connections to one origin at most; further calls wait. */
  readonly connections?: number;
  readonly maxResponseBytes?: number;
}

/** In which undici's agent looks for a proxy. */
const proxyVariables = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY'] as const;

const DEFAULT_CONNECTIONS = 32;
const DEFAULT_MAX_RESPONSE_BYTES = 16 * 1_048_576;
/** Huawei's tokens run to 8-10 KB, and Node's own limit is 16 KiB for all headers together (IAM API reference, tokens). */
const MAX_HEADER_BYTES = 65_536;
const MAX_CONNECT_MS = 10_000;
/** Below the idle time after which common gateways close (nginx 75 s, ELB 60 s), so that a reset on reuse stays rare. */
const KEEP_ALIVE_MS = 30_000;

export function createHttpClient(options: HttpClientOptions): HttpClient {
  let dispatcher: Dispatcher | null = null;
  let closed = false;

  function open(): Dispatcher {
    if (closed) throw new TransportError('connect', 'closed', 'the client is closed');
    dispatcher ??= createDispatcher(options);
    return dispatcher;
  }

  return {
    async request(request) {
      request.signal?.throwIfAborted();
      return dispatchOnce(open(), {
        ...request,
        headers: { ...request.headers, 'user-agent': `snapkeep/${options.version}`, 'accept-encoding': 'identity' },
        timeoutMs: options.timeout,
        maxResponseBytes: options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
      });
    },
    async close() {
      closed = true;
      const closing = dispatcher;
      dispatcher = null;
      await closing?.close();
    },
  };
}

/** Made at the first call, so that a CA file that is missing fails calls, which say so, and not the whole service. */
function createDispatcher(options: HttpClientOptions): Dispatcher {
  const tls = { ...readTrust(options.caFile), allowH2: false };
  const connectTimeout = Math.min(options.timeout, MAX_CONNECT_MS);
  const agent = {
    connections: options.connections ?? DEFAULT_CONNECTIONS,
    pipelining: 1,
    allowH2: false,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connectTimeout,
    // One deadline of our own covers headers and body.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: MAX_HEADER_BYTES,
    connect: { ...tls, timeout: connectTimeout },
  };
  // The other one parses the URL and asks the environment again for every call.
  if (!proxyVariables.some((name) => (process.env[name] ?? '') !== '')) return new Agent(agent);
  try {
    return new EnvHttpProxyAgent({ ...agent, requestTls: tls, proxyTls: tls });
  } catch {
    // The error of a malformed URL carries the URL, and a proxy's may hold a password.
    throw new TransportError('connect', 'proxy', 'HTTP_PROXY or HTTPS_PROXY is not a URL');
  }
}
