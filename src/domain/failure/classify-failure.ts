import type { CallFacts, LostAnswer, RefusedAnswer, UnreadableAnswer } from './call-facts.ts';
import { codeRow } from './code-table.ts';
import { parseErrorBody, type ErrorBody } from './error-body.ts';
import type { Failure, FailureKind } from './failure.ts';
import { boundedLine, redactText } from './redact-text.ts';
import { parseRateText, parseRetryAfter } from './retry-after.ts';
import { readStateRefusal } from './volume-state.ts';

const MAX_MESSAGE = 500;
const MAX_RAW_MESSAGE = 16_384;
const UNREADABLE = 'the message cannot be shown';
const FORCE_NOT_SET = ' (volume in use, force not set)';

/** Turns the facts of a failed call into what it means for the run. Never throws; unknown stays `unknown`. */
export function classifyFailure(facts: CallFacts): Failure {
  const { outcome } = facts;
  switch (outcome.type) {
    case 'lost':
      return lost(outcome, facts);
    case 'unreadable':
      return unreadable(outcome, facts);
    case 'answer':
      return refused(outcome, facts);
  }
}

function lost(outcome: LostAnswer, facts: CallFacts): Failure {
  return {
    kind: 'transient',
    httpStatus: null,
    code: outcome.code,
    message: tidy(outcome.detail, '', facts),
    requestId: null,
    retryAfterMs: null,
    outcomeUnknown: facts.creates && outcome.phase !== 'connect',
  };
}

function unreadable(outcome: UnreadableAnswer, facts: CallFacts): Failure {
  const { isHtml } = parseErrorBody(outcome.body);
  return {
    // A page in place of an answer: the address leads to something other than the API.
    kind: isHtml ? 'invalid' : 'unknown',
    httpStatus: outcome.status,
    code: 'malformed',
    message: tidy(isHtml ? 'the answer is a page, not JSON: the endpoint is probably wrong' : outcome.detail, '', facts),
    requestId: tidyRequestId(outcome.requestId, facts),
    retryAfterMs: null,
    outcomeUnknown: facts.creates,
  };
}

function refused(outcome: RefusedAnswer, facts: CallFacts): Failure {
  const { status } = outcome;
  const body = parseErrorBody(outcome.body);
  const whole = body.message ?? '';
  const message = whole.slice(0, MAX_RAW_MESSAGE);
  const kind = kindOf(status, body, message, outcome, facts);
  const wait = parseRetryAfter(outcome.retryAfter, facts.now) ?? parseRateText(message)?.window ?? null;
  const suffix = kind === 'invalid' && facts.force === false && readStateRefusal(message)?.type === 'in-use' ? FORCE_NOT_SET : '';
  return {
    kind,
    httpStatus: status,
    code: body.code ?? body.wrapper ?? `HTTP_${status}`,
    message: tidy(whole === '' ? `HTTP ${status} without a message` : whole, suffix, facts),
    requestId: tidyRequestId(outcome.requestId, facts) ?? tidyRequestId(body.requestId, facts),
    // Beside a quota a `Retry-After: 0` is no invitation (seen on Cinder 21.3.1, Zed).
    retryAfterMs: kind === 'throttled' || kind === 'transient' || kind === 'conflict' ? wait : null,
    outcomeUnknown: facts.creates && (status >= 500 || status === 408) && (kind === 'transient' || kind === 'unknown'),
  };
}

function kindOf(status: number, body: ErrorBody, message: string, outcome: RefusedAnswer, facts: CallFacts): FailureKind {
  const row = body.code === null ? null : codeRow(body.code);
  if (row !== null) return row.kind;
  if (status === 413) return tooLarge(body, message, outcome, facts);
  if (status === 429) return 'throttled';
  if (status === 401) return 'auth';
  if (speaksOfQuota(message) && [400, 403, 409].includes(status)) return 'quota';
  if (status === 403) return 'auth';
  if (status === 404) return notFound(body, message);
  if (status === 409) return 'conflict';
  if (status === 400) return badRequest(message);
  if (status === 408 || status >= 500) return 'transient';
  // Redirects are not followed: the address is not that of the API.
  if (status >= 300 && status < 400) return 'invalid';
  return [405, 406, 410, 411, 414, 415, 422, 494].includes(status) ? 'invalid' : 'unknown';
}

function badRequest(message: string): FailureKind {
  return readStateRefusal(message)?.type === 'passing' ? 'conflict' : 'invalid';
}

/** Only a 404 that names the thing says that it is gone; a page or a gateway's 404 says that the address is wrong. */
function notFound(body: ErrorBody, message: string): FailureKind {
  if (body.code === 'EVS.5404' || body.wrapper === 'itemNotFound') return 'not_found';
  return body.isHtml || message === '' ? 'invalid' : 'unknown';
}

/** Cinder answers 413 to a quota and to its rate limiter alike (seen on 21.3.1, Zed); in front of it, it is a size. */
function tooLarge(body: ErrorBody, message: string, outcome: RefusedAnswer, facts: CallFacts): FailureKind {
  if (body.wrapper === 'overLimitFault' || /rate.?limit|throttl/i.test(message)) return 'throttled';
  if (body.code === 'APIGW.0201' || body.code === 'APIG.0201' || body.isHtml) return 'invalid';
  if (body.wrapper === 'overLimit' || /quota/i.test(message) || speaksOfQuota(message)) return 'quota';
  if ((parseRetryAfter(outcome.retryAfter, facts.now) ?? 0) > 0) return 'throttled';
  // What we send is never large, so an unexplained 413 to a create can only be a quota.
  return facts.creates ? 'quota' : 'unknown';
}

function speaksOfQuota(message: string): boolean {
  return /(?:exceed\w*|insufficient)\b.{0,80}\bquota|\bquota\b.{0,80}\bexceed|LimitExceeded|maximum number of \w+ allowed/i.test(message);
}

function tidy(text: string, suffix: string, facts: CallFacts): string {
  const raw = text.length > MAX_RAW_MESSAGE ? wholeWords(text) : text;
  const line = boundedLine(redactText(facts.redact?.(raw) ?? raw), MAX_MESSAGE - suffix.length);
  return `${line === '' ? UNREADABLE : line}${suffix}`;
}

/** Cut between words: half a secret would not be recognised as one. */
function wholeWords(text: string): string {
  const head = text.slice(0, MAX_RAW_MESSAGE);
  return head.slice(0, Math.max(0, head.lastIndexOf(' ')));
}

/** A request id is passed on only if it looks like one and holds no secret. */
function tidyRequestId(requestId: string | null, facts: CallFacts): string | null {
  if (requestId === null || !/^[\w.:-]{1,80}$/.test(requestId)) return null;
  return redactText(facts.redact?.(requestId) ?? requestId) === requestId ? requestId : null;
}
