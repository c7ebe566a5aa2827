import type { Target } from '#domain/target';
import type { Authenticator } from '../http-client/authenticator.ts';
import { createAccessKeyAuthenticator } from './access-key-auth.ts';
import type { AuthenticatorDependencies } from './authenticator-dependencies.ts';
import { createPasswordAuthenticator } from './password-auth.ts';
import { createTokenAuthenticator } from './token-auth.ts';

/** The target's way to prove who we are. */
export function createAuthenticator(target: Target, dependencies: AuthenticatorDependencies): Authenticator {
  const { auth } = target;
  switch (auth.type) {
    case 'password':
      return createPasswordAuthenticator(target, auth, dependencies);
    case 'aksk':
      return createAccessKeyAuthenticator(target, auth, dependencies);
    case 'token':
      return createTokenAuthenticator(auth, dependencies);
  }
}
