import { createHash } from 'node:crypto';
import type { Clock } from '#app/ports/clock';
import { CloudFailure } from '#domain/failure/failure';
import { retryDelay } from '#domain/failure/retry-delay';
import { addMs, durationMs, HOUR, MINUTE, SECOND, type Instant } from '#domain/time';
import { withSignal } from './with-signal.ts';

export interface IssuedToken {
  readonly token: string;
  /** By our own clock; null where it does not say. */
  readonly expiresAt: Instant | null;
}

export interface TokenCacheOptions {
  readonly clock: Clock;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Throws CloudFailure. Its signal is the cache's own: a caller that goes away does not end the login of all others. */
  readonly login: (signal: AbortSignal) => Promise<IssuedToken>;
  /** Changes with the secret. */
  readonly fingerprint: () => Promise<string>;
  readonly onRenewed?: (token: { readonly expiresAt: Instant | null }) => void;
  readonly onRefused?: (failure: CloudFailure['failure']) => void;
}

/** One token for all calls of a target: one login at a time, renewed ahead of its end. */
export interface TokenCache {
  get(signal?: AbortSignal): Promise<IssuedToken>;
  /** The cloud took this token. */
  accepted(token: string): void;
  /** The cloud refused this token: it is dropped if it is still the current one. False where another one would be refused as well. */
  invalidate(token: string): boolean;
  reset(): void;
  close(): void;
}

const BACKOFF = { initial: SECOND, max: durationMs(60_000) };
/** A token is not used in the last moments of its life: the call would arrive too late. */
const LAST_MOMENTS_SHARE = 0.05;
const LAST_MOMENTS_MAX_MS = 30_000;
const SHORT_LIFE_SHARE = 0.2;

interface Held extends IssuedToken {
  readonly renewAt: number;
  readonly unusableAt: number;
}

export function createTokenCache(options: TokenCacheOptions): TokenCache {
  const { clock, random } = options;
  const closing = new AbortController();
  let held: Held | null = null;
  let flight: Promise<IssuedToken> | null = null;
  /** A wrong password: tried again only with another one, or the account is locked for its owner too (IAM.0061). */
  let latch: { readonly fingerprint: string; readonly failure: CloudFailure['failure'] } | null = null;
  /** After a login that failed for another reason, or tokens that were refused fresh. */
  let pause: { readonly until: Instant; readonly failure: CloudFailure['failure'] } | null = null;
  let failures = 0;
  /** Tokens that were refused without ever having been accepted, one after the other. */
  let stillborn = 0;
  let proven = false;

  async function login(): Promise<IssuedToken> {
    const fingerprint = digest(await options.fingerprint());
    if (latch !== null && latch.fingerprint === fingerprint) throw again(latch.failure, null);
    const now = clock.now();
    if (pause !== null && pause.until > now) throw again(pause.failure, pause.until - now);
    try {
      const startedAt = now;
      const issued = await options.login(closing.signal);
      held = hold(issued, startedAt, random());
      latch = null;
      pause = null;
      failures = 0;
      proven = false;
      options.onRenewed?.({ expiresAt: issued.expiresAt });
      return issued;
    } catch (error) {
      if (error instanceof CloudFailure) remember(error.failure, fingerprint);
      throw error;
    }
  }

  function remember(failure: CloudFailure['failure'], fingerprint: string): void {
    failures += 1;
    if (failure.httpStatus === 401 && failure.kind === 'auth') latch = { fingerprint, failure };
    else pause = { until: addMs(clock.now(), retryDelay({ attempt: failures, backoff: BACKOFF, random01: random(), retryAfterMs: failure.retryAfterMs })), failure };
    if (failure.kind === 'auth') options.onRefused?.(failure);
  }

  function fly(): Promise<IssuedToken> {
    flight ??= login().finally(() => {
      flight = null;
    });
    return flight;
  }

  return {
    async get(signal) {
      signal?.throwIfAborted();
      const now = clock.now();
      if (held !== null && now < held.unusableAt) {
        // Ahead of its end: nobody waits for it, and if it fails the old one is still good.
        if (now >= held.renewAt && flight === null) fly().catch(() => undefined);
        return held;
      }
      return withSignal(fly(), signal);
    },
    accepted(token) {
      if (held?.token !== token) return;
      proven = true;
      stillborn = 0;
    },
    invalidate(token) {
      // A login that failed in passing is told as what it is by the next `get`; only tokens refused fresh make a repetition pointless.
      if (held === null || held.token !== token) return held !== null || flight !== null || pause === null || pause.until <= clock.now() || pause.failure.kind !== 'auth';
      held = null;
      if (proven) return true;
      stillborn += 1;
      if (stillborn === 1) return true;
      // Each new token is refused at once: more logins are no help, and cost the identity service a password check each.
      const delay = retryDelay({ attempt: stillborn, backoff: BACKOFF, random01: random() });
      pause = { until: addMs(clock.now(), delay), failure: freshTokenRefused };
      options.onRefused?.(freshTokenRefused);
      return false;
    },
    reset() {
      latch = null;
      pause = null;
      failures = 0;
      stillborn = 0;
    },
    close() {
      // Nobody's signal ended these calls, so they fail as any other does.
      closing.abort(new CloudFailure(closedFailure));
    },
  };
}

const closedFailure = {
  kind: 'transient',
  httpStatus: null,
  code: 'closed',
  message: 'the client is closed',
  requestId: null,
  retryAfterMs: null,
  outcomeUnknown: false,
} as const;

const freshTokenRefused = {
  kind: 'auth',
  httpStatus: 401,
  code: 'HTTP_401',
  message: 'the cloud refuses tokens that its own identity service has just issued',
  requestId: null,
  retryAfterMs: null,
  outcomeUnknown: false,
} as const;

/** Renewal falls 30 to 60 minutes ahead of the end, at random so that replicas do not log in together, or a fifth of a short life. */
function hold(issued: IssuedToken, startedAt: Instant, random01: number): Held {
  if (issued.expiresAt === null) return { ...issued, renewAt: Infinity, unusableAt: Infinity };
  const life = Math.max(0, issued.expiresAt - startedAt);
  const ahead = Math.min(30 * MINUTE + random01 * 0.5 * HOUR, life * SHORT_LIFE_SHARE);
  const lastMoments = Math.min(LAST_MOMENTS_MAX_MS, life * LAST_MOMENTS_SHARE);
  return { ...issued, renewAt: issued.expiresAt - ahead, unusableAt: issued.expiresAt - lastMoments };
}

/** A new error each time: a shared one would gather the stacks of the wrong callers. */
function again(failure: CloudFailure['failure'], retryAfterMs: number | null): CloudFailure {
  return new CloudFailure({ ...failure, retryAfterMs: retryAfterMs ?? failure.retryAfterMs });
}

function digest(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('base64');
}
