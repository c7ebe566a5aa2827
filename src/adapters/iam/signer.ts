import { createHash, createHmac } from 'node:crypto';
import type { Instant } from '#domain/time';

const ALGORITHM = 'SDK-HMAC-SHA256';

export interface SignedRequest {
  readonly method: string;
  /** Absolute; its path and query are signed as they are decoded and encoded again, so any valid spelling may be sent. */
  readonly url: string;
  /** Exactly those to be signed, `host` and `x-sdk-date` included; names in any case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface AccessKey {
  readonly accessKey: string;
  readonly secretKey: string;
}

/** The date header of a signature: `20260102T030405Z`. The gateway refuses one more than 15 minutes off (API signing guide). */
export function sdkDate(at: Instant): string {
  return new Date(at).toISOString().replace(/[-:]|\.\d{3}/g, '');
}

/** The value of the `Authorization` header (API signing guide, algorithm SDK-HMAC-SHA256). */
export function signRequest(request: SignedRequest, key: AccessKey): string {
  const headers = sortedHeaders(request.headers);
  const date = headers.find(([name]) => name === 'x-sdk-date')?.[1] ?? '';
  const text = [ALGORITHM, date, requestHash(request)].join('\n');
  const signature = createHmac('sha256', key.secretKey).update(text, 'utf8').digest('hex');
  return `${ALGORITHM} Access=${key.accessKey}, SignedHeaders=${headers.map(([name]) => name).join(';')}, Signature=${signature}`;
}

/** SHA-256 of the canonical request in hex: what two implementations compare first when they disagree. */
export function requestHash(request: SignedRequest): string {
  const headers = sortedHeaders(request.headers);
  const { path, query } = splitPath(request.url);
  return sha256(
    [
      request.method.toUpperCase(),
      canonicalPath(path),
      canonicalQuery(query),
      headers.map(([name, value]) => `${name}:${value}\n`).join(''),
      headers.map(([name]) => name).join(';'),
      sha256(request.body ?? ''),
    ].join('\n'),
  );
}

/**
 * Query parameters as they are signed and should be sent: sorted by name, then by value, and RFC 3986 encoded. In this order:
 * the signing guide does not say which comes first, and the vendor's SDKs for Node and Go sort what is not encoded yet.
 */
export function encodeQuery(params: readonly (readonly [string, string])[]): string {
  return params
    .toSorted((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join('&');
}

function canonicalPath(path: string): string {
  const encoded = path.split('/').map((segment) => encode(decode(segment))).join('/');
  return encoded.endsWith('/') ? encoded : `${encoded}/`;
}

function canonicalQuery(query: string): string {
  if (query === '') return '';
  return encodeQuery(
    query.split('&').map((pair) => {
      const cut = pair.indexOf('=');
      return cut < 0 ? ([decode(pair), ''] as const) : ([decode(pair.slice(0, cut)), decode(pair.slice(cut + 1))] as const);
    }),
  );
}

function splitPath(url: string): { path: string; query: string } {
  const [, path = '', query = ''] = /^https?:\/\/[^/?#]*([^?#]*)\??([^#]*)/i.exec(url) ?? [];
  return { path: path === '' ? '/' : path, query };
}

function sortedHeaders(headers: Readonly<Record<string, string>>): readonly (readonly [string, string])[] {
  return Object.entries(headers)
    .map(([name, value]) => [name.toLowerCase(), value.trim()] as const)
    .toSorted((a, b) => compare(a[0], b[0]));
}

/** `encodeURIComponent` leaves `!'()*` alone, RFC 3986 does not. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** By code unit: a locale's order would sign something else. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
