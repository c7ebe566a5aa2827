export interface Letter {
  readonly method: 'GET' | 'POST';
  /** `http` or `https`; a user and password in it go out as Basic authentication. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  readonly signal: AbortSignal;
}

/** What became of one call. `lost`: no complete answer came; `retryable` is false where another try would end alike. Holds nothing of the URL. */
export type Receipt =
  | { readonly kind: 'answered'; readonly httpStatus: number; readonly retryAfter: string | null }
  | { readonly kind: 'lost'; readonly reason: string; readonly retryable: boolean };

/** Calls receivers, each within a time-out. Follows no redirect, repeats nothing. Throws only the reason of the signal. */
export interface Courier {
  send(letter: Letter): Promise<Receipt>;
}
