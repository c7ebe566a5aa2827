import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from './api/api-error.ts';
import { RateLimiter } from './api/rate-limiter.ts';

/** Wrong tokens that one address may send in a minute before any token of it is refused. */
const MAX_WRONG_TOKENS = 10;
const MINUTE_MS = 60_000;

/** Lets through whoever shows the admin token. */
export class AdminGuard {
  readonly #token: () => Promise<string | null>;
  readonly #wrong = new RateLimiter({ max: MAX_WRONG_TOKENS, windowMs: MINUTE_MS });

  /** `token` is asked each time, since its file may change; null where there is none. */
  constructor(token: () => Promise<string | null>) {
    this.#token = token;
  }

  /**
   * Returns where the request may go on. Throws ApiError: 403 where no token is configured, 429 after too many wrong
   * ones, 401 for a wrong or an absent one.
   */
  async check(request: { ip: string; headers: { authorization?: string | undefined } }, scheme: 'bearer' | 'bearer or basic'): Promise<void> {
    const token = await this.#token();
    if (token === null) throw new ApiError('forbidden', 'this service was started without --admin-token-file');
    const wait = this.#wrong.waitSeconds(request.ip);
    if (wait !== null) throw new ApiError('too_many_requests', 'too many wrong tokens', wait);
    const shown = tokenIn(request.headers.authorization ?? '', scheme);
    if (shown === null) throw new ApiError('unauthorized', 'wants the header Authorization: Bearer with the admin token');
    if (isSame(shown, token)) return;
    this.#wrong.count(request.ip);
    throw new ApiError('unauthorized', 'this is not the admin token');
  }
}

/** The password of Basic is the token, whatever the user. */
function tokenIn(header: string, scheme: 'bearer' | 'bearer or basic'): string | null {
  const bearer = /^Bearer +(.+)$/i.exec(header)?.[1];
  if (bearer !== undefined) return bearer.trim();
  const basic = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(header)?.[1];
  if (scheme === 'bearer' || basic === undefined) return null;
  const [, ...password] = Buffer.from(basic, 'base64').toString('utf8').split(':');
  return password.length === 0 ? null : password.join(':');
}

/** Takes the same time whatever differs: hashes have one length. */
function isSame(one: string, other: string): boolean {
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
