import type { Courier, Letter, Receipt } from '#app/ports/courier';
import { SECOND, durationMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { createHttpClient } from './http-client.ts';
import { TransportError } from './transport-error.ts';

/** From connecting to the last byte, where the options say nothing else. */
const TIMEOUT = durationMs(10 * SECOND);

/** A receiver has nothing to tell but its status. */
const MAX_RESPONSE_BYTES = 262_144;

/** Calls to one receiver at a time. */
const CONNECTIONS = 4;

/** Calls receivers of notifications over HTTP. */
export function createCourier(options: { version: string; timeout?: DurationMs }): Courier & { close(): Promise<void> } {
  const http = createHttpClient({ version: options.version, timeout: options.timeout ?? TIMEOUT, caFile: null, connections: CONNECTIONS, maxResponseBytes: MAX_RESPONSE_BYTES });
  return {
    async send(letter): Promise<Receipt> {
      try {
        const { status, headers } = await http.request({ ...letter, ...addressed(letter) });
        return { kind: 'answered', httpStatus: status, retryAfter: headers['retry-after'] ?? null };
      } catch (error) {
        letter.signal.throwIfAborted();
        if (!(error instanceof TransportError)) return { kind: 'lost', reason: 'the call could not be made', retryable: true };
        // It was answered, and would be at such length again.
        return { kind: 'lost', reason: error.message, retryable: error.fact.code !== 'too_large' };
      }
    },
    close: () => http.close(),
  };
}

/** Without the user and password, which stand in a header. */
function addressed({ url, headers }: Letter): { url: string; headers: Readonly<Record<string, string>> } {
  const parsed = new URL(url);
  const { username, password, origin, pathname, search } = parsed;
  if (username === '' && password === '') return { url: `${origin}${pathname}${search}`, headers };
  const credentials = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString('base64');
  return { url: `${origin}${pathname}${search}`, headers: { ...headers, authorization: `Basic ${credentials}` } };
}
