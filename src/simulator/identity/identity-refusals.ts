import type { Flavour } from '../options.ts';
import { Refusal } from '../http/refusal.ts';

const notAuthenticated = 'The request you have made requires authentication.';

/** Keystone's one answer to all that is wrong with a login (seen on Keystone 22.0.2). */
export function keystoneUnauthorized(baseUrl: string, message = notAuthenticated, extra: Readonly<Record<string, unknown>> = {}): Refusal {
  return new Refusal({
    shape: 'keystone',
    status: 401,
    code: 'Unauthorized',
    message,
    headers: { 'WWW-Authenticate': `Keystone uri="${baseUrl}/v3"` },
    extra,
  });
}

export function keystoneBadRequest(what: string): Refusal {
  return new Refusal({
    shape: 'keystone',
    status: 400,
    code: 'Bad Request',
    message:
      `Expecting to find ${what}. The server could not comply with the request since it is either malformed or otherwise ` +
      'incorrect. The client is assumed to be in error.',
  });
}

export function keystoneNotFound(message: string): Refusal {
  return new Refusal({ shape: 'keystone', status: 404, code: 'Not Found', message });
}

export function iamRefusal(status: number, code: string, message: string): Refusal {
  return new Refusal({ shape: 'iam', status, code, message });
}

/** Cinder's answer to a token that is wrong, missing, empty, expired or revoked (seen on Cinder 21.3.1). */
export function cinderUnauthorized(baseUrl: string): Refusal {
  return new Refusal({
    shape: 'keystone',
    stage: 'pipeline',
    status: 401,
    code: 'Unauthorized',
    message: notAuthenticated,
    headers: { 'Www-Authenticate': `Keystone uri="${baseUrl}"` },
  });
}

/** The project or agency named in a scope is not there: all the same to Keystone, a code of its own on IAM. */
export function unknownTarget(flavour: Flavour, baseUrl: string, message: string): Refusal {
  return flavour === 'evs' ? iamRefusal(404, 'IAM.0004', message) : keystoneUnauthorized(baseUrl);
}
