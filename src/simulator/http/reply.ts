import type { Flavour } from '../options.ts';
import { wrapperFor, type RefusalParts, type RefusalStage } from './refusal.ts';

/** An answer, before the headers that every answer has. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Error code, for the ledger. */
  readonly code?: string;
  /** What Cinder leaves out of its own headers. */
  readonly stage?: RefusalStage | 'empty';
}

export function jsonReply(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

/** No body, yet a content type: so Cinder answers a DELETE (seen on Cinder 21.3.1). */
export function emptyReply(status: number, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': '0', ...headers }, body: '', stage: 'empty' };
}

export function htmlPage(status: number, title: string, text: string): string {
  const heading = `${status} ${title}`;
  return `<html>\n <head>\n  <title>${heading}</title>\n </head>\n <body>\n  <h1>${heading}</h1>\n  ${text}<br /><br />\n\n\n\n </body>\n</html>`;
}

/** The answer that tells of a refusal, in the shape of the part and the flavour it comes from. */
export function refusalReply(flavour: Flavour, requestId: string, parts: RefusalParts): Reply {
  const reply = inShape(flavour, requestId, parts);
  return parts.stage === undefined ? reply : { ...reply, stage: parts.stage };
}

function inShape(flavour: Flavour, requestId: string, parts: RefusalParts): Reply {
  const { status, message, headers = {}, extra = {} } = parts;
  switch (parts.shape) {
    case 'gateway':
      return { ...jsonReply(status, { error_code: parts.code, error_msg: message, request_id: requestId }, headers), code: parts.code };
    case 'iam':
      return { ...jsonReply(status, { error_msg: message, error_code: parts.code, ...extra }, headers), code: parts.code };
    case 'keystone':
      return {
        ...jsonReply(status, { error: { code: status, message, title: parts.code, ...extra } }, headers),
        code: parts.code,
      };
    case 'html':
      return {
        status,
        headers: { 'Content-Type': 'text/html; charset=UTF-8', ...headers },
        body: htmlPage(status, parts.code, message),
        code: `HTTP_${status}`,
      };
    case 'cinder':
      return wrapped(flavour, parts, parts.code);
    case 'service':
      if (flavour === 'cinder') return wrapped(flavour, parts, wrapperFor(status));
      return { ...jsonReply(status, { error: { code: parts.code, message, ...extra } }, headers), code: parts.code };
  }
}

function wrapped(flavour: Flavour, parts: RefusalParts, wrapper: string): Reply {
  const { status, message, headers = {}, extra = {} } = parts;
  const code = flavour === 'evs' ? String(status) : status;
  const wait = headers['Retry-After'];
  const retryAfter = wrapper === 'overLimit' && wait !== undefined ? { retryAfter: wait } : {};
  return { ...jsonReply(status, { [wrapper]: { code, message, ...retryAfter, ...extra } }, headers), code: wrapper };
}
