type Environment = Readonly<Record<string, string | undefined>>;

/** Which traces are kept: all, none, or this share of them, decided by the trace's id. */
export type Sampling = { readonly kind: 'all' } | { readonly kind: 'none' } | { readonly kind: 'share'; readonly share: number };

/** What the standard variables of OpenTelemetry say beside those that its exporter reads itself. */
export interface TraceSettings {
  readonly sampling: Sampling;
  /** Of the batch that is sent; absent: the library's own. Milliseconds and numbers of spans. */
  readonly batch: { readonly scheduledDelayMillis?: number; readonly exportTimeoutMillis?: number; readonly maxQueueSize?: number; readonly maxExportBatchSize?: number };
}

/** The variables ask for what cannot be had. Names the variable; its value may be a secret. */
export class TraceSettingsError extends Error {
  override readonly name = 'TraceSettingsError';
}

/**
 * Reads them (OpenTelemetry specification, "Environment Variable Specification"). Null where traces are off: unless
 * OTEL_TRACES_EXPORTER is `otlp`, or it is not set and an endpoint is, so that nothing is sent that nobody asked for.
 * Throws TraceSettingsError.
 */
export function readTraceSettings(env: Environment): TraceSettings | null {
  const text = (name: string): string => (env[name] ?? '').trim();
  if (text('OTEL_SDK_DISABLED').toLowerCase() === 'true') return null;
  const exporter = text('OTEL_TRACES_EXPORTER');
  if (exporter === '' && text('OTEL_EXPORTER_OTLP_ENDPOINT') === '' && text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT') === '') return null;
  if (exporter === 'none') return null;
  if (exporter !== '' && exporter !== 'otlp') throw new TraceSettingsError('OTEL_TRACES_EXPORTER may be otlp or none');
  const protocol = text('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') || text('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== '' && protocol !== 'http/protobuf') throw new TraceSettingsError('OTEL_EXPORTER_OTLP_PROTOCOL may be http/protobuf');
  const count = (name: string): number | undefined => {
    if (text(name) === '') return undefined;
    const value = Number(text(name));
    if (!Number.isInteger(value) || value <= 0) throw new TraceSettingsError(`${name} is a number above 0`);
    return value;
  };
  const batch = {
    scheduledDelayMillis: count('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: count('OTEL_BSP_EXPORT_TIMEOUT'),
    maxQueueSize: count('OTEL_BSP_MAX_QUEUE_SIZE'),
    maxExportBatchSize: count('OTEL_BSP_MAX_EXPORT_BATCH_SIZE'),
  };
  return { sampling: samplingOf(text('OTEL_TRACES_SAMPLER'), text('OTEL_TRACES_SAMPLER_ARG')), batch: Object.fromEntries(Object.entries(batch).filter(([, value]) => value !== undefined)) };
}

/** No trace of ours has a parent elsewhere: `parentbased_` makes no difference. */
function samplingOf(sampler: string, argument: string): Sampling {
  switch (sampler.replace(/^parentbased_/, '')) {
    case '':
    case 'always_on':
      return { kind: 'all' };
    case 'always_off':
      return { kind: 'none' };
    case 'traceidratio': {
      const share = argument === '' ? 1 : Number(argument);
      if (!(share >= 0 && share <= 1)) throw new TraceSettingsError('OTEL_TRACES_SAMPLER_ARG is a number from 0 to 1');
      return { kind: 'share', share };
    }
    default:
      throw new TraceSettingsError('OTEL_TRACES_SAMPLER may be always_on, always_off or traceidratio, each with or without parentbased_');
  }
}
