import { EnvHttpProxyAgent, Pool, type Dispatcher } from 'undici';
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
  const opened = new Map<string, Dispatcher>();
  let closed = false;

  function dispatcherOf(url: string): Dispatcher {
    const origin = originOf(url);
    if (closed) throw new TransportError('connect', 'closed', 'the client is closed');
    const known = opened.get(origin);
    if (known !== undefined) return known;
    const made = createDispatcher(origin, options);
    opened.set(origin, made);
    return made;
  }

  return {
    async request(request) {
      request.signal?.throwIfAborted();
      return await dispatchOnce(dispatcherOf(request.url), {
        ...request,
        headers: { ...request.headers, 'user-agent': `snapkeep/${options.version}`, 'accept-encoding': 'identity' },
        timeoutMs: options.timeout,
        maxResponseBytes: options.maxResponseBytes ?? DEFAULT_MAX_RESPONSE_BYTES,
      });
    },
    async close() {
      closed = true;
      const closing = [...opened.values()];
      opened.clear();
      await Promise.all(closing.map((dispatcher) => dispatcher.close()));
    },
  };
}

/** Up to the path. */
function originOf(url: string): string {
  const end = url.indexOf('/', 'https://'.length);
  return end < 0 ? url : url.slice(0, end);
}

/** Made at the first call to an origin, so that a CA file that is missing fails calls, which say so, and not the whole service. */
function createDispatcher(origin: string, options: HttpClientOptions): Dispatcher {
  if (!/^https?:$/.test(URL.parse(origin)?.protocol ?? '')) throw new TransportError('connect', 'network', 'the endpoint is not an http or https URL');
  const tls = { ...readTrust(options.caFile), allowH2: false };
  const connectTimeout = Math.min(options.timeout, MAX_CONNECT_MS);
  const pool = {
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
  // The agent parses the origin and asks the environment again for every call.
  if (!proxyVariables.some((name) => (process.env[name] ?? '') !== '')) return new Pool(origin, pool);
  try {
    return new EnvHttpProxyAgent({ ...pool, requestTls: tls, proxyTls: tls });
  } catch {
    // The error of a malformed URL carries the URL, and a proxy's may hold a password.
    throw new TransportError('connect', 'proxy', 'HTTP_PROXY or HTTPS_PROXY is not a URL');
  }
}
