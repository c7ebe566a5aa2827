import type { Clock } from '#app/ports/clock';
import type { CallFacts } from '#domain/failure/call-facts';
import { classifyFailure } from '#domain/failure/classify-failure';
import { CloudFailure, type Failure } from '#domain/failure/failure';
import { boundedLine } from '#domain/failure/redact-text';
import type { CallObserver } from './call-observer.ts';
import { dumpCall } from './dump-call.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-exchange.ts';
import type { Redactor } from './redactor.ts';
import { toTransportError } from './transport-error.ts';

/** What every exchange of one target shares. */
export interface CallContext {
  readonly http: HttpClient;
  readonly clock: Clock;
  readonly redactor: Redactor;
  readonly observer?: CallObserver;
}

export interface CallRequest extends HttpRequest {
  /** A label of a metric: one of a fixed few. */
  readonly operation: string;
  readonly creates?: boolean;
  readonly force?: boolean;
}

/** How nearly all ids look, and no text that a pattern for secrets matches. */
const hexId = /^(?:req-)?[\da-f-]{1,36}$/;

/** A success by its status (2xx). */
export interface CallAnswer extends HttpResponse {
  readonly requestId: string | null;
}

/**
 * One exchange: sends, measures, classifies, reports. Throws CloudFailure where the answer is not a 2xx, did not come, or
 * `read` throws over it, and the abort reason where the request's signal is aborted.
 */
export async function performCall<T>(context: CallContext, request: CallRequest, read: (answer: CallAnswer) => T): Promise<T> {
  const startedAt = performance.now();
  let answer: CallAnswer | null = null;
  let failure: Failure | null = null;
  try {
    const response = await context.http.request(request);
    answer = { ...response, requestId: requestIdOf(context, response) };
    if (response.status < 200 || response.status > 299) {
      failure = classify(context, request, {
        type: 'answer',
        status: response.status,
        body: response.body,
        requestId: answer.requestId,
        retryAfter: response.headers['retry-after'] ?? null,
      });
      throw new CloudFailure(failure);
    }
    try {
      return read(answer);
    } catch (error) {
      const detail = `the answer cannot be read: ${error instanceof Error ? boundedLine(error.message, 300) : 'unknown'}`;
      failure = classify(context, request, { type: 'unreadable', status: response.status, body: response.body, requestId: answer.requestId, detail });
      throw new CloudFailure(failure);
    }
  } catch (error) {
    if (error instanceof CloudFailure) throw error;
    if (request.signal?.aborted === true) throw request.signal.reason;
    failure = classify(context, request, toTransportError(error, 'sent').fact);
    throw new CloudFailure(failure);
  } finally {
    const durationMs = Math.round(performance.now() - startedAt);
    report(context, request, answer, failure, durationMs);
  }
}

function classify(context: CallContext, request: CallRequest, outcome: CallFacts['outcome']): Failure {
  return classifyFailure({
    outcome,
    creates: request.creates ?? false,
    force: request.force ?? null,
    now: context.clock.now(),
    redact: (text) => context.redactor.redact(text),
  });
}

function report(context: CallContext, request: CallRequest, answer: CallAnswer | null, failure: Failure | null, durationMs: number): void {
  const { observer } = context;
  if (observer === undefined) return;
  // An aborted call has neither: it is nobody's failure and no answer.
  const aborted = answer === null && failure === null;
  observer.onCall?.({
    operation: request.operation,
    status: answer?.status ?? null,
    code: aborted ? 'aborted' : (failure?.code ?? null),
    durationMs,
    requestId: (failure ?? answer)?.requestId ?? null,
  });
  if (observer.onDump !== undefined) observer.onDump(dumpCall(request.operation, request, answer, durationMs, context.redactor));
}

/** EVS behind its gateway sends `X-Request-Id`; Cinder and Keystone send the other two (seen on Cinder 21.3.1, Zed). */
function requestIdOf(context: CallContext, response: HttpResponse): string | null {
  const id = response.headers['x-request-id'] ?? response.headers['x-openstack-request-id'] ?? response.headers['x-compute-request-id'];
  if (id === undefined || !/^[\w.:-]{1,80}$/.test(id)) return null;
  // Hex digits that are too few for a token look like no secret; whether they are one in use is quickly told.
  const isHarmless = hexId.test(id) ? context.redactor.mask(id) === id : context.redactor.redact(id) === id;
  return isHarmless ? id : null;
}
