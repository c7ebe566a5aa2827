import type { Flavour, RateLimit } from '../options.ts';
import { gatewayRefusal, Refusal } from './refusal.ts';

/** Counts requests in windows of fixed length, each beginning with the first request after the last one ended. */
export class RateLimiter {
  #windowStartMs = Number.NEGATIVE_INFINITY;
  #used = 0;

  /** Counts the request and gives the refusal when it is one too many. */
  take(limit: RateLimit, flavour: Flavour, method: string, nowMs: number): Refusal | undefined {
    const methods = limit.methods ?? (flavour === 'cinder' ? ['POST'] : undefined);
    if (methods !== undefined && !methods.includes(method)) return undefined;
    // A clock that was set back begins a window too.
    if (nowMs - this.#windowStartMs >= limit.perMs || nowMs < this.#windowStartMs) {
      this.#windowStartMs = nowMs;
      this.#used = 0;
    }
    if (this.#used < limit.requests) {
      this.#used += 1;
      return undefined;
    }
    const freeAtMs = this.#windowStartMs + limit.perMs;
    return tooMany(limit, flavour, method, { freeAtMs, waitMs: freeAtMs - nowMs });
  }
}

interface NextWindow {
  readonly freeAtMs: number;
  readonly waitMs: number;
}

function tooMany(limit: RateLimit, flavour: Flavour, method: string, next: NextWindow): Refusal {
  const form = limit.retryAfter ?? (flavour === 'cinder' ? 'seconds' : 'none');
  const headers = retryAfterHeaders(form, next);
  if (flavour === 'evs') {
    // The text of the gateway's error code table.
    const message = `The throttling threshold has been reached: policy user over ratelimit,limit:${limit.requests},time:${timeText(limit.perMs)}`;
    return gatewayRefusal(429, 'APIGW.0308', message, headers);
  }
  const unit = limit.perMs === 60_000 ? 'minute' : limit.perMs === 3_600_000 ? 'hour' : timeText(limit.perMs);
  return new Refusal({
    shape: 'cinder',
    status: 413,
    code: 'overLimitFault',
    message: 'This request was rate-limited.',
    // The wrong content type is Cinder's own: the body is JSON (seen on 21.3.1).
    headers: { 'Content-Type': 'text/html; charset=UTF-8', ...headers },
    extra: { details: `Only ${limit.requests} ${method} request(s) can be made to * every ${unit}.` },
  });
}

function retryAfterHeaders(form: RateLimit['retryAfter'], { freeAtMs, waitMs }: NextWindow): Record<string, string> {
  if (form === 'date') return { 'Retry-After': new Date(Math.ceil(freeAtMs / 1000) * 1000).toUTCString() };
  return form === 'seconds' ? { 'Retry-After': String(Math.max(1, Math.ceil(waitMs / 1000))) } : {};
}

function timeText(ms: number): string {
  return ms === 60_000 ? '1 minute' : `${Math.max(1, Math.round(ms / 1000))} second`;
}
