import { ROOT_CONTEXT, SpanKind } from '@opentelemetry/api';
import type { Tracer } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, detectResources, resourceAttributesEnvDetector, resourceFromAttributes, serviceNameEnvDetector } from '@opentelemetry/resources';
import { AlwaysOffSampler, AlwaysOnSampler, BatchSpanProcessor, ParentBasedSampler, RandomIdGenerator, SamplingDecision, TraceIdRatioBasedSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Sampling, TraceSettings } from './trace-settings.ts';

/** Of a span whose ids are given, and not drawn by chance. */
export interface GivenIds {
  readonly traceId: string;
  readonly spanId: string;
}

export interface SpanSource {
  readonly tracer: Tracer;
  isSampled(traceId: string): boolean;
  /** Spans started within `start` get these ids, unless they have a parent. */
  withIds<T>(ids: GivenIds, start: () => T): T;
  close(): Promise<void>;
}

export interface ProviderOptions {
  readonly settings: TraceSettings;
  readonly version: string;
  /** Spans could not be sent. */
  readonly onFailed: (error: Error) => void;
}

/** The tracer on OpenTelemetry's own exporter, which reads its address, headers and certificates from the environment itself. */
export function openSpanSource({ settings, version, onFailed }: ProviderOptions): SpanSource {
  const root = samplerOf(settings.sampling);
  const random = new RandomIdGenerator();
  let given: GivenIds | null = null;
  const provider = new TracerProvider({
    sampler: new ParentBasedSampler({ root }),
    resource: defaultResource()
      .merge(resourceFromAttributes({ 'service.name': 'snapkeep', 'service.version': version }))
      .merge(detectResources({ detectors: [resourceAttributesEnvDetector, serviceNameEnvDetector] })),
    idGenerator: {
      generateTraceId: () => given?.traceId ?? random.generateTraceId(),
      generateSpanId: () => given?.spanId ?? random.generateSpanId(),
    },
    spanProcessors: [new BatchSpanProcessor({ ...settings.batch, exporter: telling(new OTLPTraceExporter(), onFailed) })],
  });
  return {
    tracer: provider.getTracer('snapkeep', version),
    isSampled: (traceId) => root.shouldSample(ROOT_CONTEXT, traceId, 'run', SpanKind.INTERNAL, {}, []).decision === SamplingDecision.RECORD_AND_SAMPLED,
    withIds(ids, start) {
      given = ids;
      try {
        return start();
      } finally {
        given = null;
      }
    },
    // A collector that does not take the last of them has been told of.
    close: () => provider.shutdown().catch(() => undefined),
  };
}

function samplerOf(sampling: Sampling): Sampler {
  switch (sampling.kind) {
    case 'all':
      return new AlwaysOnSampler();
    case 'none':
      return new AlwaysOffSampler();
    case 'share':
      return new TraceIdRatioBasedSampler(sampling.share);
  }
}

/** The library would keep a failure to itself. */
function telling(exporter: SpanExporter, onFailed: (error: Error) => void): SpanExporter {
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        if (result.error !== undefined) onFailed(result.error);
        done(result);
      });
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
