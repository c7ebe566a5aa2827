import type { CallDump } from './call-observer.ts';
import type { HttpRequest, HttpResponse } from './http-exchange.ts';
import type { Redactor } from './redactor.ts';

const MAX_BODY = 8_192;
const MAX_LINE = 1_024;
const MASK = '[redacted]';

/** Everything else is masked: a header that nobody thought of is not to leak. */
const harmlessHeaders: ReadonlySet<string> = new Set([
  'accept', 'accept-encoding', 'age', 'cache-control', 'connection', 'content-length', 'content-type', 'date', 'host', 'keep-alive', 'openstack-api-version',
  'retry-after', 'server', 'transfer-encoding', 'user-agent', 'vary', 'via', 'x-compute-request-id', 'x-openstack-request-id', 'x-project-id',
  'x-request-id', 'x-sdk-date',
]);
const secretKeys = /pass(?:word|wd)?|secret|token|credential|signature|^access$|access_?key|private|passcode|otp/i;

export function dumpCall(operation: string, request: HttpRequest, response: HttpResponse | null, durationMs: number, redactor: Redactor): CallDump {
  return {
    operation,
    request: {
      method: request.method,
      url: redactor.redact(request.url).slice(0, MAX_LINE),
      headers: dumpHeaders(request.headers, redactor),
      body: request.body === null ? null : dumpBody(request.body, redactor),
    },
    response:
      response === null
        ? null
        : { status: response.status, headers: dumpHeaders(response.headers, redactor), body: dumpBody(response.body, redactor) },
    durationMs,
  };
}

function dumpHeaders(headers: Readonly<Record<string, string>>, redactor: Redactor): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, harmlessHeaders.has(name.toLowerCase()) ? redactor.redact(value).slice(0, MAX_LINE) : MASK]),
  );
}

function dumpBody(body: string, redactor: Redactor): string {
  if (body.length > 1_048_576) return `(${body.length} characters)`;
  const text = dumpJson(body, redactor) ?? redactor.redact(body);
  return text.length <= MAX_BODY ? text : `${text.slice(0, MAX_BODY)}… (${body.length} characters)`;
}

/** Stays JSON: each value is masked by itself. Null where the body is none. */
function dumpJson(body: string, redactor: Redactor): string | null {
  try {
    const value: unknown = JSON.parse(body, (key, entry: unknown) => {
      if (secretKeys.test(key) && (typeof entry !== 'object' || Array.isArray(entry))) return MASK;
      return typeof entry === 'string' ? redactor.redact(entry) : entry;
    });
    return redactor.mask(JSON.stringify(value));
  } catch {
    return null;
  }
}
