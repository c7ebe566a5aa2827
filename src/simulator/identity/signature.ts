import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { Buffer } from 'node:buffer';

/** What of a request goes into its SDK-HMAC-SHA256 signature (Huawei Cloud API signing guide). */
export interface SignedRequest {
  readonly method: string;
  /** As sent, still percent-encoded. */
  readonly rawPath: string;
  readonly rawQuery: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface SignatureHeader {
  readonly access: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
}

const algorithm = 'SDK-HMAC-SHA256';

/** The parts of an `Authorization` header, or undefined when it is of another kind or malformed. */
export function parseSignatureHeader(authorization: string): SignatureHeader | undefined {
  const parts = /^SDK-HMAC-SHA256 Access=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/.exec(authorization);
  const [, access, signedHeaders, signature] = parts ?? [];
  if (access === undefined || signedHeaders === undefined || signature === undefined) return undefined;
  return { access, signedHeaders: signedHeaders.split(';'), signature };
}

/** The text whose hash is signed. */
export function canonicalRequest(request: SignedRequest, signedHeaders: readonly string[]): string {
  const names = signedHeaders.map((name) => name.toLowerCase()).toSorted();
  const headerLines = names.map((name) => `${name}:${(request.headers[name] ?? '').trim()}\n`).join('');
  return [
    request.method.toUpperCase(),
    canonicalPath(request.rawPath),
    canonicalQuery(request.rawQuery),
    headerLines,
    names.join(';'),
    request.headers['x-sdk-content-sha256'] ?? sha256Hex(request.body),
  ].join('\n');
}

export function signatureFor(request: SignedRequest, signedHeaders: readonly string[], secretKey: string): string {
  const canonical = canonicalRequest(request, signedHeaders);
  const text = [algorithm, request.headers['x-sdk-date'] ?? '', sha256Hex(Buffer.from(canonical))].join('\n');
  return createHmac('sha256', secretKey).update(text).digest('hex');
}

export function sameSignature(left: string, right: string): boolean {
  const a = Buffer.from(left);
  const b = Buffer.from(right);
  return a.length === b.length && timingSafeEqual(a, b);
}

export function sha256Hex(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Each segment encoded anew; always with a slash at the end, whatever was sent. */
function canonicalPath(rawPath: string): string {
  const path = rawPath.split('/').map((segment) => percentEncode(percentDecode(segment))).join('/');
  return path.endsWith('/') ? path : `${path}/`;
}

/** Pairs sorted by name, then value. A plus sign is a plus sign here, not a blank. */
export function canonicalQuery(rawQuery: string): string {
  return rawQuery
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      const name = at < 0 ? pair : pair.slice(0, at);
      const value = at < 0 ? '' : pair.slice(at + 1);
      return [percentEncode(percentDecode(name)), percentEncode(percentDecode(value))] as const;
    })
    .toSorted(([nameA, valueA], [nameB, valueB]) => compareText(nameA, nameB) || compareText(valueA, valueB))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compareText(left: string, right: string): number {
  return left === right ? 0 : left < right ? -1 : 1;
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** RFC 3986: all but unreserved characters, in capitals. */
function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`);
}
