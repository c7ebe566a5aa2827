import { CloudFailure, type Failure } from '#domain/failure/failure';
import type { AccessKeyAuth, Target } from '#domain/target';
import { addMs, durationMs, MINUTE, type Instant } from '#domain/time';
import type { Authenticator, Credential } from '../http-client/authenticator.ts';
import type { AuthenticatorDependencies } from './authenticator-dependencies.ts';
import { sdkDate, signRequest } from './signer.ts';

/** The gateway locks a key for about 5 minutes after 5 refusals in a row (API gateway, APIGW.0301): stop short of it. */
const MAX_REFUSALS = 3;
const PAUSE_MS = 5 * MINUTE;

interface Keys {
  readonly accessKey: string;
  readonly secretKey: string;
  readonly securityToken: string | null;
}

/** Signs every call with an access key and its secret key. */
export function createAccessKeyAuthenticator(target: Target, auth: AccessKeyAuth, { context, secrets, hooks }: AuthenticatorDependencies): Authenticator {
  const { clock } = context;
  const used = new WeakMap<Credential, Keys>();
  let refusals = 0;
  let pause: { readonly keys: Keys; readonly until: Instant } | null = null;

  async function readKeys(): Promise<Keys> {
    const [accessKey, secretKey, securityToken] = await Promise.all([
      secrets.read(auth.accessKey),
      secrets.read(auth.secretKey),
      auth.securityToken === null ? null : secrets.read(auth.securityToken),
    ]);
    return { accessKey, secretKey, securityToken };
  }

  return {
    async authorize(request, signal) {
      signal?.throwIfAborted();
      const keys = await readKeys();
      const now = clock.now();
      if (pause !== null && same(pause.keys, keys) && now < pause.until) throw new CloudFailure(pausedFailure(pause.until - now));
      const signed = {
        ...pick(request.headers, 'content-type'),
        host: hostOf(request.url),
        'x-project-id': target.projectId,
        'x-sdk-date': sdkDate(now),
        ...(keys.securityToken === null ? {} : { 'x-security-token': keys.securityToken }),
      };
      const authorization = signRequest({ method: request.method, url: request.url, headers: signed, body: request.body }, keys);
      const credential = { headers: { ...signed, authorization } };
      used.set(credential, keys);
      return credential;
    },
    accepted() {
      refusals = 0;
      pause = null;
    },
    async refused(credential) {
      const before = used.get(credential);
      const keys = await readKeys();
      if (before !== undefined && !same(before, keys)) return true;
      refusals += 1;
      if (refusals >= MAX_REFUSALS) {
        pause = { keys, until: addMs(clock.now(), PAUSE_MS) };
        hooks?.onRefused?.(pausedFailure(PAUSE_MS));
      }
      return false;
    },
    async check() {
      await readKeys();
      return { expiresInMs: null };
    },
    reset() {
      refusals = 0;
      pause = null;
    },
    close: () => undefined,
  };
}

function pausedFailure(waitMs: number): Failure {
  return {
    kind: 'auth',
    httpStatus: 401,
    code: 'HTTP_401',
    message: 'the access key was refused several times in a row; not tried again for now, so that it is not locked',
    requestId: null,
    retryAfterMs: durationMs(waitMs),
    outcomeUnknown: false,
  };
}

function same(a: Keys, b: Keys): boolean {
  return a.accessKey === b.accessKey && a.secretKey === b.secretKey && a.securityToken === b.securityToken;
}

function pick(headers: Readonly<Record<string, string>>, name: string): Record<string, string> {
  const value = headers[name];
  return value === undefined ? {} : { [name]: value };
}

/** As the HTTP client sends it: without a port that is the scheme's own. */
function hostOf(url: string): string {
  return URL.parse(url)?.host ?? '';
}
