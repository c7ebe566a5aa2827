import type { Dispatcher } from 'undici';
import type { TransportPhase } from '#domain/failure/call-facts';
import { TransportError, toTransportError } from './transport-error.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';

interface OnceRequest extends HttpRequest {
  readonly timeoutMs: number;
  readonly maxResponseBytes: number;
}

const utf8 = new TextDecoder();

/**
 * One request, one answer. Works on the dispatcher itself and not through `request()`, because only its callbacks tell
 * whether a lost call had been sent at all, on which it hangs whether a create may simply be repeated.
 */
export function dispatchOnce(dispatcher: Dispatcher, request: OnceRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const { origin, path } = splitUrl(request.url);
    let phase: TransportPhase = 'connect';
    let controller: Dispatcher.DispatchController | null = null;
    let settled = false;
    let status = 0;
    let headers: Record<string, string> = {};
    let received = 0;
    const chunks: Buffer[] = [];

    function settle(): boolean {
      if (settled) return false;
      settled = true;
      clearTimeout(timer);
      request.signal?.removeEventListener('abort', onAbort);
      return true;
    }
    function fail(error: unknown): void {
      if (settle()) reject(error instanceof Error ? error : new TransportError(phase, 'network', 'the network failed'));
    }
    /** Not only fails the call but ends what the library is still doing for it. */
    function cancel(error: unknown): void {
      fail(error);
      controller?.abort(new Error('the call was given up'));
    }
    function onAbort(): void {
      cancel(request.signal?.reason ?? new DOMException('aborted', 'AbortError'));
    }

    const timer = setTimeout(() => cancel(new TransportError(phase, 'timeout', `no answer within ${request.timeoutMs} ms`)), request.timeoutMs);
    request.signal?.addEventListener('abort', onAbort, { once: true });

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        controller = started;
        // Given up while it waited for a connection: not a byte has been sent yet.
        if (settled) started.abort(new Error('the call was given up'));
        else phase = 'sent';
      },
      onResponseStarted() {
        if (phase === 'sent') phase = 'headers';
      },
      onResponseStart(_controller, statusCode, rawHeaders) {
        if (statusCode < 200) return;
        phase = 'body';
        status = statusCode;
        headers = plainHeaders(rawHeaders);
      },
      onResponseData(_controller, chunk) {
        received += chunk.length;
        if (received > request.maxResponseBytes) cancel(new TransportError('body', 'too_large', `the answer is over ${request.maxResponseBytes} bytes`));
        else if (!settled) chunks.push(chunk);
      },
      onResponseEnd() {
        if (settle()) resolve({ status, headers, body: textOf(chunks) });
      },
      onResponseError(_controller, error) {
        if (!settled) fail(toTransportError(error, phase));
      },
    };
    try {
      dispatcher.dispatch({ origin, path, method: request.method, headers: request.headers, body: request.body }, handler);
    } catch (error) {
      fail(toTransportError(error, 'connect'));
    }
  });
}

/** Piece by piece: to put a page of a listing together first would touch as much memory again (bench/client.ts). */
function textOf(chunks: readonly Buffer[]): string {
  if (chunks.length === 1) return utf8.decode(chunks[0]);
  const decoder = new TextDecoder();
  let text = '';
  for (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  return text + decoder.decode();
}

/** Keeps path and query as they were written: `new URL` would resolve dots and re-encode, and a signature would no longer hold. */
function splitUrl(url: string): { origin: string; path: string } {
  const match = /^(https?:\/\/[^/?#]+)([^#]*)/i.exec(url);
  if (match === null) throw new TransportError('connect', 'network', 'the endpoint is not an http or https URL');
  const path = match[2] ?? '';
  return { origin: match[1] ?? '', path: path.startsWith('/') ? path : `/${path}` };
}

function plainHeaders(raw: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(raw)) {
    if (value !== undefined) headers[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
