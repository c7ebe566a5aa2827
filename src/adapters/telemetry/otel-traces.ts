import { AsyncLocalStorage } from 'node:async_hooks';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { Attributes, Context, Span } from '@opentelemetry/api';
import type { EventFields, EventName } from '#app/events';
import type { Traces } from '#app/ports/traces';
import { openSpanSource } from './otel-provider.ts';
import type { ProviderOptions } from './otel-provider.ts';
import { attributesOf, rootSpanIdOf, traceIdOfRun } from './trace-words.ts';

/** What is done for a run; `parent` is what calls to the cloud are spans under, null where the trace is not sampled. */
interface Step {
  readonly runId: string;
  readonly parent: Context | null;
  /** Of a step of a worker. */
  readonly span: Span | null;
}

type Handlers = { readonly [N in EventName]?: (fields: EventFields[N]) => void };

/**
 * Traces by OpenTelemetry: for each run a root span from its due time to its end, and under it the scheduler's plan, each
 * step of a worker with its calls to the cloud, and the making of the snapshot. The ids of trace and root follow from the
 * run's, so that processes need not hand each other anything. A call that serves many runs, as a listing does, has a trace of its own.
 */
export function openTraces(options: ProviderOptions): Traces {
  const source = openSpanSource(options);
  const { tracer } = source;
  const steps = new AsyncLocalStorage<Step>();

  /** Under the root of the run; null where the run is not sampled. */
  function parentOf(runId: string): Context | null {
    const traceId = traceIdOfRun(runId);
    if (traceId === null || !source.isSampled(traceId)) return null;
    return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: rootSpanIdOf(runId), traceFlags: 1, isRemote: true });
  }

  function endRoot(fields: { readonly runId: string; readonly due: number }, attributes: Attributes, problem: string | null): void {
    const traceId = traceIdOfRun(fields.runId);
    if (traceId === null || !source.isSampled(traceId)) return;
    const start = { kind: SpanKind.INTERNAL, startTime: fields.due, root: true, attributes: { ...attributesOf(fields), ...attributes } };
    const span = source.withIds({ traceId, spanId: rootSpanIdOf(fields.runId) }, () => tracer.startSpan('run', start, ROOT_CONTEXT));
    finish(span, problem);
  }

  /** A span that has ended now, under the run's root. */
  function past(name: string, runId: string, startTime: number, attributes: Attributes, problem: string | null = null, kind: SpanKind = SpanKind.INTERNAL): void {
    const parent = parentOf(runId);
    if (parent !== null) finish(tracer.startSpan(name, { kind, startTime, attributes }, parent), problem);
  }

  function note<N extends EventName>(event: N, fields: EventFields[N] & { readonly runId: string }): void {
    const step = steps.getStore();
    if (step?.runId === fields.runId) step.span?.addEvent(event, attributesOf(fields));
  }

  const handlers: Handlers = {
    'run.queued': (fields) => past('plan', fields.runId, fields.plannedAt, attributesOf(fields), null, SpanKind.PRODUCER),
    'snapshot.requested': (fields) => note('snapshot.requested', fields),
    'snapshot.accepted': (fields) => note('snapshot.accepted', fields),
    'snapshot.adopted': (fields) => note('snapshot.adopted', fields),
    'run.waiting': (fields) => note('run.waiting', fields),
    'run.retry': (fields) => note('run.retry', fields),
    'run.attempt_failed': (fields) => {
      note('run.attempt_failed', fields);
      const step = steps.getStore();
      if (step?.runId === fields.runId) step.span?.setStatus({ code: SpanStatusCode.ERROR, message: fields.errorMessage });
    },
    'snapshot.available': (fields) => {
      past('make snapshot', fields.runId, fields.requestedAt ?? fields.due, attributesOf(fields));
      endRoot(fields, { outcome: 'available' }, null);
    },
    'snapshot.failed': (fields) => past('make snapshot', fields.runId, fields.requestedAt ?? fields.due, attributesOf(fields), fields.errorMessage),
    'run.failed': (fields) => endRoot(fields, { ...attributesOf(fields), outcome: 'failed' }, fields.errorMessage),
    'run.skipped': (fields) => endRoot(fields, { outcome: 'skipped', reason: fields.reason }, null),
    // It is watched on, and ends for good later, if at all.
    'run.abandoned': (fields) => past('abandoned', fields.runId, Date.now(), attributesOf(fields), fields.reason),
    'api.called': ({ target, operation, httpStatus, errorCode, durationMs, requestId }) => {
      const step = steps.getStore();
      const parent = step === undefined ? ROOT_CONTEXT : step.parent;
      if (parent === null) return;
      const attributes = attributesOf({ target, operation, httpStatus, errorCode, requestId });
      finish(tracer.startSpan(operation, { kind: SpanKind.CLIENT, startTime: Date.now() - durationMs, attributes }, parent), errorCode);
    },
  };

  return {
    telemetry: {
      emit<N extends EventName>(event: N, fields: EventFields[N]): void {
        (handlers as { [E in EventName]?: (fields: EventFields[E]) => void })[event]?.(fields);
      },
    },
    async step(runId, work) {
      const parent = parentOf(runId);
      const span = parent === null ? null : tracer.startSpan('execute', { kind: SpanKind.CONSUMER, attributes: { 'snapkeep.run_id': runId } }, parent);
      try {
        return await steps.run({ runId, parent: span === null ? null : trace.setSpan(ROOT_CONTEXT, span), span }, work);
      } finally {
        span?.end();
      }
    },
    within: (runId, work) => steps.run({ runId, parent: parentOf(runId), span: null }, work),
    traceIdOf(fields) {
      const runId = 'runId' in fields ? fields.runId : steps.getStore()?.runId;
      const traceId = runId === undefined ? null : traceIdOfRun(runId);
      return traceId !== null && source.isSampled(traceId) ? traceId : null;
    },
    close: () => source.close(),
  };
}

function finish(span: Span, problem: string | null): void {
  if (problem !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: problem });
  span.end();
}
