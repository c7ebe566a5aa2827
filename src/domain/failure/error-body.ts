/** What an error body says, whatever its shape. All null where it says nothing. */
export interface ErrorBody {
  /** A code of the cloud's own (`EVS.5400`); a bare HTTP status in its place is none. */
  readonly code: string | null;
  /** The wrapper's name (`badRequest`, `overLimit`) where the body is of Cinder's shape. */
  readonly wrapper: string | null;
  readonly message: string | null;
  readonly requestId: string | null;
  /** Not JSON but a page, as proxies and unknown paths answer. */
  readonly isHtml: boolean;
}

/** Names of OpenStack's faults (Cinder, api/openstack/wsgi.py): a fixed set, so that a wrapper is a bounded label. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'badRequest', 'unauthorized', 'forbidden', 'itemNotFound', 'badMethod', 'conflictingRequest', 'overLimit', 'overLimitFault',
  'badMediaType', 'notImplemented', 'serviceUnavailable', 'computeFault', 'buildInProgress', 'resizeNotAllowed', 'volumeFault',
]);

/** Longer error bodies are read as text: no cloud sends them, and parsing is not worth it. */
const MAX_BODY = 262_144;

/** A code of its own: a service's name, a dot, digits. Anything else is no label for a metric. */
const ownCode = /^[A-Za-z][A-Za-z]{1,15}\.\d{1,8}$/;

/**
 * Reads the error body of any of the shapes seen: `{"error":{"code","message"}}` (EVS API reference, error responses),
 * Cinder's `{"badRequest":{...}}` (seen on Cinder 21.3.1, Zed), the gateway's and IAM's `{"error_code","error_msg"}`,
 * Keystone's numeric `code`, flat ones, pages, and nothing at all.
 */
export function parseErrorBody(text: string): ErrorBody {
  const value = parseJson(text);
  if (!isRecord(value)) return fromText(text);
  const inner = Object.entries(value).find(([, entry]) => isRecord(entry) && ('code' in entry || 'message' in entry || 'error_code' in entry));
  const flat = pick(value);
  const nested = inner !== undefined && isRecord(inner[1]) ? pick(inner[1]) : null;
  const wrapper = inner !== undefined && WRAPPERS.has(inner[0]) ? inner[0] : null;
  return {
    code: flat.code ?? nested?.code ?? null,
    wrapper,
    message: flat.message ?? nested?.message ?? textOf(value['error']) ?? null,
    requestId: flat.requestId ?? nested?.requestId ?? null,
    isHtml: false,
  };
}

function pick(value: Readonly<Record<string, unknown>>): { code: string | null; message: string | null; requestId: string | null } {
  const code = [value['error_code'], value['errCode'], value['errorCode'], value['code']].map(textOf).find((entry) => entry !== null && ownCode.test(entry));
  const message = [value['error_msg'], value['errMsg'], value['errorMsg'], value['message'], value['error_description']]
    .map(textOf)
    .find((entry) => entry !== null);
  const details = textOf(value['details']);
  const parts = [message ?? null, details].filter((entry) => entry !== null);
  return { code: code ?? null, message: parts.length === 0 ? null : parts.join(' '), requestId: textOf(value['request_id']) };
}

function fromText(text: string): ErrorBody {
  const head = text.slice(0, 4096);
  const isHtml = /^\s*(?:<!doctype|<html|<\?xml|<head|<body|<title|<h\d)/i.test(head);
  const title = /<title[^>]*>([^<]{1,200})/i.exec(head)?.[1];
  const bare = isHtml ? head.replace(/<(script|style|title)\b[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>?/g, ' ') : head;
  const message = [title ?? '', bare].join(' ').replace(/\s+/g, ' ').trim();
  return { code: null, wrapper: null, message: message === '' ? null : message, requestId: null, isHtml };
}

function parseJson(text: string): unknown {
  if (text.length > MAX_BODY) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value.trim() === '' ? null : value;
  return typeof value === 'number' ? String(value) : null;
}
