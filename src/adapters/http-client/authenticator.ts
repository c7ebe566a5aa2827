import type { DurationMs } from '#domain/time';

/** What a signature covers; a token needs none of it. */
export interface AuthRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
}

export interface Credential {
  /** To be added to the request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** How calls of one target prove who they are. Throws CloudFailure of kind `auth` where there is no usable credential. */
export interface Authenticator {
  authorize(request: AuthRequest, signal?: AbortSignal): Promise<Credential>;
  /** The cloud took it. For this and the next, the very object that `authorize` returned. */
  accepted(credential: Credential): void;
  /** The cloud refused it as such. True where `authorize` will now come up with another one, so that repeating makes sense. */
  refused(credential: Credential): Promise<boolean>;
  /** Makes sure that there is a credential; how long it still lasts, null where that is not known. */
  check(signal?: AbortSignal): Promise<{ expiresInMs: DurationMs | null }>;
  /** Forgets what was refused and lets the next call try again, as after somebody put the account right. */
  reset(): void;
  close(): void;
}
