import { durationMs } from '#domain/time';
import type { PasswordAuth, Target } from '#domain/target';
import type { Authenticator } from '../http-client/authenticator.ts';
import type { AuthenticatorDependencies } from './authenticator-dependencies.ts';
import { createPasswordLogin } from './password-login.ts';
import { createTokenCache } from './token-cache.ts';

const TOKEN = 'x-auth-token';

/** Password for a token, token for every call. */
export function createPasswordAuthenticator(target: Target, auth: PasswordAuth, dependencies: AuthenticatorDependencies): Authenticator {
  const { context, secrets, random, hooks } = dependencies;
  const tokens = createTokenCache({
    clock: context.clock,
    random,
    login: createPasswordLogin(target, auth, context, secrets),
    fingerprint: () => secrets.read(auth.password),
    onRenewed: (token) => hooks?.onRenewed?.(token),
    onRefused: (failure) => hooks?.onRefused?.(failure),
  });

  return {
    async authorize(_request, signal) {
      const { token } = await tokens.get(signal);
      return { headers: { [TOKEN]: token } };
    },
    accepted(credential) {
      tokens.accepted(credential.headers[TOKEN] ?? '');
    },
    async refused(credential) {
      return tokens.invalidate(credential.headers[TOKEN] ?? '');
    },
    async check(signal) {
      const { expiresAt } = await tokens.get(signal);
      return { expiresInMs: expiresAt === null ? null : durationMs(Math.max(0, expiresAt - context.clock.now())) };
    },
    reset: () => tokens.reset(),
    close: () => tokens.close(),
  };
}
