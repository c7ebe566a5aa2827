import { parseRetryAfter } from '#domain/failure/retry-after';
import { retryDelay } from '#domain/failure/retry-delay';
import { SIGNATURE_HEADER, signatureOf } from '#domain/notification/signature';
import type { SecretRef } from '#domain/target';
import { HOUR, SECOND, durationMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { EventFields } from '../events.ts';
import type { Clock } from '../ports/clock.ts';
import type { Courier, Receipt } from '../ports/courier.ts';
import type { NoticeJob } from '../ports/notice-queue.ts';
import type { Policies } from '../ports/policies.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Telemetry } from '../ports/telemetry.ts';

export interface DeliverDeps {
  readonly policies: Policies;
  readonly secrets: Secrets;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/** What becomes of a call after one try. `again`: not before `delayMs` has passed. `never`: no further try. */
export type Delivery = { readonly kind: 'done' } | { readonly kind: 'again'; readonly delayMs: DurationMs; readonly reason: string } | { readonly kind: 'never'; readonly reason: string };

const BACKOFF = { initial: durationMs(10 * SECOND), max: HOUR };

/** Client errors that pass by themselves: time-out, too early, too many requests (RFC 9110, RFC 8470, RFC 6585). */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

interface Address {
  readonly url: SecretRef;
  readonly secret: SecretRef | null;
}

/** A verdict on one try, before its delay is known. */
interface Verdict {
  readonly result: 'done' | 'again' | 'never';
  readonly reason: string;
  readonly httpStatus: number | null;
  readonly retryAfterMs: DurationMs | null;
}

/**
 * Makes one try of a call and tells how it went; `attempt` counts from 1. Where the receiver is and with what a message is
 * signed is read now: what is queued holds neither. Of the URL only the host is ever told. Throws the reason of the signal.
 */
export async function deliverNotice(deps: DeliverDeps, job: NoticeJob, attempt: number, signal: AbortSignal): Promise<Delivery> {
  const startedAt = deps.clock.now();
  const tried: { host: string | null } = { host: null };
  const verdict = await attemptCall(deps, job, tried, signal);
  const { httpStatus, reason } = verdict;
  const told: EventFields['notification.failed'] = {
    receiver: job.to.kind === 'receiver' ? job.to.name : 'heartbeat',
    about: job.about,
    policy: job.policy,
    host: tried.host,
    httpStatus,
    attempt,
    errorMessage: reason,
  };
  if (verdict.result === 'done') {
    const { errorMessage: _none, ...sent } = told;
    deps.telemetry.emit('notification.sent', { ...sent, durationMs: Math.max(0, deps.clock.now() - startedAt) });
    return { kind: 'done' };
  }
  if (verdict.result === 'never' || attempt >= job.attempts) {
    deps.telemetry.emit('notification.failed', told);
    return { kind: 'never', reason };
  }
  const delayMs = retryDelay({ attempt, backoff: BACKOFF, random01: deps.random(), retryAfterMs: verdict.retryAfterMs });
  deps.telemetry.emit('notification.retry', { ...told, delayMs });
  return { kind: 'again', delayMs, reason };
}

async function attemptCall(deps: DeliverDeps, job: NoticeJob, tried: { host: string | null }, signal: AbortSignal): Promise<Verdict> {
  const address = addressOf(deps.policies, job);
  if (address === null) return verdictOf('never', 'the policy files no longer name this receiver');
  let url: string;
  let secret: string | null;
  try {
    url = await deps.secrets.read(address.url);
    secret = address.secret === null ? null : await deps.secrets.read(address.secret);
  } catch (error) {
    // A mounted secret may still come; the error names the place only.
    return verdictOf('again', error instanceof Error ? error.message : 'the secret cannot be read');
  }
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) return verdictOf('again', 'the secret is not an http or https URL');
  tried.host = parsed.host;
  const headers: Record<string, string> = {};
  if (job.message !== null) {
    headers['content-type'] = job.message.contentType;
    if (secret !== null) headers[SIGNATURE_HEADER] = signatureOf(secret, job.message.body, deps.clock.now());
  }
  const receipt = await deps.courier.send({ method: job.message === null ? 'GET' : 'POST', url, headers, body: job.message?.body ?? null, signal });
  return judge(deps, receipt);
}

function addressOf(policies: Policies, { to }: NoticeJob): Address | null {
  if (to.kind === 'receiver') return policies.current().notifications.find(({ name }) => name === to.name) ?? null;
  const heartbeat = policies.policy(to.policy)?.heartbeat ?? null;
  return heartbeat === null ? null : { url: heartbeat.url, secret: null };
}

function judge(deps: DeliverDeps, receipt: Receipt): Verdict {
  if (receipt.kind === 'lost') return verdictOf(receipt.retryable ? 'again' : 'never', receipt.reason);
  const { httpStatus, retryAfter } = receipt;
  if (httpStatus >= 200 && httpStatus < 300) return { ...verdictOf('done', ''), httpStatus };
  if (httpStatus < 400) return { ...verdictOf('never', `answered ${httpStatus}; redirects are not followed`), httpStatus };
  const result = httpStatus >= 500 || passing.has(httpStatus) ? 'again' : 'never';
  return { ...verdictOf(result, `answered ${httpStatus}`), httpStatus, retryAfterMs: parseRetryAfter(retryAfter, deps.clock.now()) };
}

function verdictOf(result: Verdict['result'], reason: string): Verdict {
  return { result, reason, httpStatus: null, retryAfterMs: null };
}
