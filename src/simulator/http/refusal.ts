/** Which part of the cloud says no: each has its own shape of error body (EVS API reference, body shapes). */
export type RefusalShape =
  /** The block storage service: `{"error":{…}}` on EVS, `{"badRequest":{…}}` and the like on Cinder. */
  | 'service'
  /** Cinder's shape on either flavour; the code inside is a string on EVS. */
  | 'cinder'
  /** Huawei's API gateway: `error_code`, `error_msg`, `request_id`. */
  | 'gateway'
  /** IAM's own calls: `error_msg`, `error_code`. */
  | 'iam'
  /** Keystone's calls: `{"error":{"code":401,…,"title":…}}`. */
  | 'keystone'
  /** A web page. */
  | 'html';

/**
 * How far a request got in Cinder, which tells by the headers it sends: `pipeline` before it was Cinder's own at all,
 * `version` up to the choice of an API version (seen on Cinder 21.3.1). Absent: all the way.
 */
export type RefusalStage = 'pipeline' | 'version';

export interface RefusalParts {
  readonly shape: RefusalShape;
  readonly stage?: RefusalStage;
  readonly status: number;
  /** `EVS.5400`, `APIGW.0308`…; for Cinder's shape the wrapper: `badRequest`. */
  readonly code: string;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Further members beside code and message. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Thrown by whatever refuses a request; rendered by the server in the shape of the flavour. */
export class Refusal extends Error {
  readonly parts: RefusalParts;

  constructor(parts: RefusalParts) {
    super(parts.message);
    this.parts = parts;
  }
}

/** Cinder's wrapper names by status (seen on Cinder 21.3.1). */
const wrappers = new Map<number, string>([
  [400, 'badRequest'],
  [401, 'unauthorized'],
  [403, 'forbidden'],
  [404, 'itemNotFound'],
  [405, 'badMethod'],
  [409, 'conflictingRequest'],
  [413, 'overLimit'],
  [415, 'badMediaType'],
  [501, 'notImplemented'],
  [503, 'serviceUnavailable'],
]);

export function wrapperFor(status: number): string {
  return wrappers.get(status) ?? 'computeFault';
}

/** EVS's code for a status, where no better one is known: `EVS.5` and the status (EVS API reference, error codes). */
export function evsCodeFor(status: number): string {
  return `EVS.5${status}`;
}

/** A refusal by the storage service, on either flavour. */
export function serviceRefusal(status: number, message: string, evsCode = evsCodeFor(status)): Refusal {
  return new Refusal({ shape: 'service', status, code: evsCode, message });
}

export function badRequest(message: string, evsCode = 'EVS.5400'): Refusal {
  return serviceRefusal(400, message, evsCode);
}

export function notFound(message: string): Refusal {
  return serviceRefusal(404, message);
}

/** Quota refusals say `Retry-After: 0`, which is no invitation (seen on Cinder 21.3.1). */
export function quotaRefusal(message: string): Refusal {
  return new Refusal({ shape: 'service', status: 413, code: 'EVS.5413', message, headers: { 'Retry-After': '0' } });
}

export function gatewayRefusal(
  status: number,
  code: string,
  message: string,
  headers: Readonly<Record<string, string>> = {},
): Refusal {
  return new Refusal({ shape: 'gateway', status, code, message, headers });
}

/** The 500 that Cinder gives for anything it did not foresee. */
export function internalError(): Refusal {
  return serviceRefusal(
    500,
    'The server has either erred or is incapable of performing the requested operation.',
  );
}

/** No such path: an HTML page on Cinder, the gateway's answer on EVS. */
export function noSuchPath(flavour: 'evs' | 'cinder'): Refusal {
  if (flavour === 'evs') {
    return gatewayRefusal(404, 'APIGW.0101', 'The API does not exist or has not been published in the environment');
  }
  return new Refusal({ shape: 'html', stage: 'pipeline', status: 404, code: 'Not Found', message: 'The resource could not be found.' });
}
