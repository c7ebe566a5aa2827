import type { CallOptions, CallPriority } from '#app/ports/cloud';
import { codeRow } from '#domain/failure/code-table';
import { CloudFailure, type Failure } from '#domain/failure/failure';
import { boundedLine } from '#domain/failure/redact-text';
import { parseRateText } from '#domain/failure/retry-after';
import type { Authenticator } from '../http-client/authenticator.ts';
import { performCall, type CallAnswer, type CallContext } from '../http-client/perform-call.ts';
import type { CallLimiter, CallOutcome, CloudOperation } from '#app/ports/call-limiter';

export interface CloudCall<T> {
  readonly operation: CloudOperation;
  readonly priority: CallPriority;
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly body?: unknown;
  readonly creates?: boolean;
  readonly force?: boolean;
  readonly read: (answer: CallAnswer) => T;
  readonly options: CallOptions | undefined;
}

export interface CloudCallsDependencies {
  readonly context: CallContext;
  readonly auth: Authenticator;
  readonly limiter: CallLimiter;
}

export interface CloudCalls {
  /** One call of the API. Repeats it once, with another token, where the one used was refused: then nothing was done yet. */
  run<T>(call: CloudCall<T>): Promise<T>;
}

export function createCloudCalls({ context, auth, limiter }: CloudCallsDependencies): CloudCalls {
  async function once<T>(call: CloudCall<T>): Promise<{ value: T } | { refused: CloudFailure; again: boolean }> {
    const signal = call.options?.signal;
    await wait(call, signal);
    const startedAt = performance.now();
    let outcome: Pick<CallOutcome, 'result' | 'retryAfterMs' | 'rate'> = { result: 'aborted', retryAfterMs: null, rate: null };
    try {
      const body = call.body === undefined ? null : JSON.stringify(call.body);
      const request = { method: call.method, url: call.url, headers: { 'content-type': 'application/json', accept: 'application/json' }, body };
      const credential = await auth.authorize(request, signal);
      await call.options?.beforeSend?.();
      try {
        const value = await performCall(
          context,
          {
            ...request,
            headers: { ...request.headers, ...credential.headers },
            operation: call.operation,
            creates: call.creates ?? false,
            ...(call.force === undefined ? {} : { force: call.force }),
            ...(signal === undefined ? {} : { signal }),
          },
          call.read,
        );
        auth.accepted(credential);
        outcome = { result: 'ok', retryAfterMs: null, rate: null };
        return { value };
      } catch (error) {
        if (!(error instanceof CloudFailure)) throw error;
        const { failure } = error;
        outcome = outcomeOf(failure);
        if (isTokenRefused(failure)) return { refused: error, again: await auth.refused(credential) };
        if (codeRow(failure.code)?.renew === true) await auth.refused(credential);
        else if (failure.httpStatus !== null && failure.httpStatus < 500) auth.accepted(credential);
        throw error;
      }
    } catch (error) {
      if (error instanceof CloudFailure && outcome.result === 'aborted') outcome = outcomeOf(error.failure);
      throw error;
    } finally {
      limiter.report({ ...outcome, operation: call.operation, durationMs: Math.round(performance.now() - startedAt) });
    }
  }

  async function wait(call: CloudCall<unknown>, signal: AbortSignal | undefined): Promise<void> {
    try {
      await limiter.acquire(call.operation, call.options?.priority ?? call.priority, signal);
    } catch (error) {
      if (error instanceof CloudFailure) throw error;
      if (signal?.aborted === true) throw signal.reason;
      const reason = error instanceof Error ? boundedLine(context.redactor.redact(error.message), 300) : 'unknown';
      throw localFailure('limiter', `the rate limit shared with other replicas cannot be asked: ${reason}`);
    }
  }

  return {
    async run(call) {
      const first = await once(call);
      if ('value' in first) return first.value;
      if (!first.again) throw first.refused;
      const second = await once(call);
      if ('value' in second) return second.value;
      throw second.refused;
    },
  };
}

/** Nothing was sent, and trying again later may help. */
function localFailure(code: string, message: string): CloudFailure {
  return new CloudFailure({ kind: 'transient', httpStatus: null, code, message, requestId: null, retryAfterMs: null, outcomeUnknown: false });
}

/** A 401, or one of the codes for the same that come with other statuses. A 403 is about rights, which a new token would not bring. */
function isTokenRefused(failure: Failure): boolean {
  if (failure.kind !== 'auth' || failure.httpStatus === null) return false;
  return codeRow(failure.code)?.renew === true || (failure.httpStatus === 401 && codeRow(failure.code) === null);
}

function outcomeOf(failure: Failure): Pick<CallOutcome, 'result' | 'retryAfterMs' | 'rate'> {
  return { result: failure.kind, retryAfterMs: failure.retryAfterMs, rate: failure.kind === 'throttled' ? parseRateText(failure.message) : null };
}
