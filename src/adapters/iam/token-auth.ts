import { CloudFailure } from '#domain/failure/failure';
import type { TokenAuth } from '#domain/target';
import type { Authenticator, Credential } from '../http-client/authenticator.ts';
import type { AuthenticatorDependencies } from './authenticator-dependencies.ts';

/** A token that somebody else renews: read again whenever its file changes. */
export function createTokenAuthenticator(auth: TokenAuth, { secrets }: AuthenticatorDependencies): Authenticator {
  const used = new WeakMap<Credential, string>();

  async function readToken(): Promise<string> {
    const token = await secrets.read(auth.token);
    if (/^[\x21-\x7e]+$/.test(token)) return token;
    const place = 'file' in auth.token ? `secret file ${auth.token.file}` : `environment variable ${auth.token.env}`;
    throw new CloudFailure({
      kind: 'auth',
      httpStatus: null,
      code: 'secret',
      message: `${place} holds no token: one line of printable characters without blanks is expected`,
      requestId: null,
      retryAfterMs: null,
      outcomeUnknown: false,
    });
  }

  return {
    async authorize(_request, signal) {
      signal?.throwIfAborted();
      const token = await readToken();
      const credential = { headers: { 'x-auth-token': token } };
      used.set(credential, token);
      return credential;
    },
    accepted: () => undefined,
    refused: async (credential) => (await readToken()) !== used.get(credential),
    async check() {
      await readToken();
      return { expiresInMs: null };
    },
    reset: () => undefined,
    close: () => undefined,
  };
}
