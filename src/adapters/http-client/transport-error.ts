import type { LostAnswer, TransportCode, TransportPhase } from '#domain/failure/call-facts';

/**
 * A call without a complete answer. Has no cause on purpose: the library's errors carry raw bytes, sockets and URLs,
 * in which tokens can stand.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly fact: LostAnswer;

  constructor(phase: TransportPhase, code: TransportCode, detail: string) {
    super(`${code}: ${detail}`);
    this.fact = { type: 'lost', phase, code, detail };
  }
}

const byCode: Readonly<Record<string, TransportCode>> = {
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  ETIMEDOUT: 'timeout',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  UND_ERR_SOCKET: 'reset',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  UND_ERR_HEADERS_OVERFLOW: 'too_large',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'too_large',
  UND_ERR_PRX_TLS: 'tls',
  UND_ERR_PRX_CONN: 'proxy',
  UND_ERR_CLOSED: 'closed',
  UND_ERR_DESTROYED: 'closed',
  EPROTO: 'tls',
};

const words: Readonly<Record<TransportCode, string>> = {
  timeout: 'no answer in time',
  reset: 'the connection was closed before the answer was complete',
  refused: 'the connection was refused',
  unreachable: 'the host cannot be reached',
  dns: 'the host name cannot be resolved',
  tls: 'no trusted TLS connection',
  proxy: 'the proxy did not let the call through',
  too_large: 'the answer is too large',
  malformed: 'the answer is not HTTP',
  closed: 'the client is closed',
  network: 'the network failed',
};

/** Turns an error of the HTTP library or of Node's sockets into a fact, in words of our own plus the error's code. */
export function toTransportError(error: unknown, phase: TransportPhase): TransportError {
  if (error instanceof TransportError) return error;
  const code = codeOf(error);
  const own = transportCode(error, code);
  return new TransportError(phase, own, code === null ? words[own] : `${words[own]} (${code})`);
}

function transportCode(error: unknown, code: string | null): TransportCode {
  const message = error instanceof Error ? error.message : '';
  if (/\bproxy\b/i.test(message) && code !== null && code.startsWith('UND_ERR_') && code !== 'UND_ERR_SOCKET') return byCode[code] ?? 'proxy';
  // The parser's error has no code for some of its reasons (undici 8.13).
  if (error instanceof Error && error.name === 'HTTPParserError') return 'malformed';
  if (code === null) return 'network';
  const known = byCode[code];
  if (known !== undefined) return known;
  if (/^ERR_(?:TLS|SSL|OSSL)|CERT|SELF_SIGNED|UNABLE_TO|CRL_/.test(code)) return 'tls';
  return 'network';
}

function codeOf(error: unknown): string | null {
  const candidates: readonly unknown[] = [error, error instanceof AggregateError ? error.errors[0] : null, error instanceof Error ? error.cause : null];
  for (const each of candidates) {
    if (typeof each === 'object' && each !== null && 'code' in each && typeof each.code === 'string' && /^[A-Z][A-Z0-9_]{1,60}$/.test(each.code)) {
      return each.code;
    }
  }
  return null;
}
