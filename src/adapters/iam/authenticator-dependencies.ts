import type { Failure } from '#domain/failure/failure';
import type { Instant } from '#domain/time';
import type { CallContext } from '../http-client/perform-call.ts';
import type { SecretSource } from './secret-source.ts';

/** Told of logins. Must not throw. */
export interface AuthHooks {
  /** There is a new token; null where it does not say how long it lasts. */
  onRenewed?(token: { readonly expiresAt: Instant | null }): void;
  /** The credentials were refused. */
  onRefused?(failure: Failure): void;
}

export interface AuthenticatorDependencies {
  readonly context: CallContext;
  readonly secrets: SecretSource;
  /** A number in [0, 1). */
  readonly random: () => number;
  readonly hooks?: AuthHooks;
}
