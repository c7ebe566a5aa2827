import { describe, expect, test } from 'vitest';
import { readTraceSettings } from '../../../src/adapters/telemetry/trace-settings.ts';

const on = { OTEL_TRACES_EXPORTER: 'otlp' };

describe('readTraceSettings', () => {
  test.each([
    ['nothing is said', {}],
    ['another signal is asked for', { OTEL_METRICS_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://c:4318' }],
    ['no exporter is wanted', { OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }],
    ['all of OpenTelemetry is off', { ...on, OTEL_SDK_DISABLED: 'TRUE' }],
  ])('off where %s', (_name, env) => {
    expect(readTraceSettings(env)).toBeNull();
  });

  test.each([
    ['the exporter is named', on],
    ['there is an endpoint', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318' }],
    ['there is one for traces', { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:4318/v1/traces' }],
  ])('on, with all runs, where %s', (_name, env) => {
    expect(readTraceSettings(env)).toEqual({ sampling: { kind: 'all' }, batch: {} });
  });

  test.each([
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, { kind: 'all' }],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, { kind: 'none' }],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0.25' }, { kind: 'share', share: 0.25 }],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio' }, { kind: 'share', share: 1 }],
  ])('%j', (env, sampling) => {
    expect(readTraceSettings({ ...on, ...env })?.sampling).toEqual(sampling);
  });

  test('the batch', () => {
    expect(readTraceSettings({ ...on, OTEL_BSP_SCHEDULE_DELAY: '250', OTEL_BSP_MAX_QUEUE_SIZE: '10' })?.batch).toEqual({ scheduledDelayMillis: 250, maxQueueSize: 10 });
  });

  test.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc'],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote'],
    ['OTEL_BSP_SCHEDULE_DELAY', '5s'],
  ])('%s=%s is refused by name, without the value', (name, value) => {
    const read = (): unknown => readTraceSettings({ ...on, [name]: value });
    expect(read).toThrow(name);
    expect(read).not.toThrow(value);
  });

  test.each(['1.5', '-1', 'half'])('OTEL_TRACES_SAMPLER_ARG=%s is refused', (argument) => {
    expect(() => readTraceSettings({ ...on, OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: argument })).toThrow('OTEL_TRACES_SAMPLER_ARG is a number from 0 to 1');
  });
});
