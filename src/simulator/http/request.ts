import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** A request with its body read. */
export interface CloudRequest {
  /** Counts from 1 in order of arrival. */
  readonly n: number;
  /** Epoch milliseconds of the simulated clock. */
  readonly at: number;
  readonly method: string;
  /** As sent, still percent-encoded, without the query. */
  readonly rawPath: string;
  /** As sent, without the question mark. */
  readonly rawQuery: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly requestId: string;
}

export function headerText(request: Pick<CloudRequest, 'headers'>, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(', ') : value;
}

/** Bytes beyond `limit` are read but not kept: the answer tells of the excess. */
export async function readBody(message: IncomingMessage, limit: number): Promise<{ body: Buffer; tooLong: boolean }> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message) {
    const bytes: Buffer = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length <= limit) chunks.push(bytes);
  }
  return { body: Buffer.concat(chunks), tooLong: length > limit };
}
