import type { Attributes } from '@opentelemetry/api';

/** What `runIdOf` gives: `r` and 32 hex digits, which are as many as a trace id has. */
const runId = /^r([0-9a-f]{16}([0-9a-f]{16}))$/;

/** Null where it is no run id, or one that no trace may have. */
export function traceIdOfRun(id: string): string | null {
  const traceId = runId.exec(id)?.[1];
  return traceId === undefined || /^0+$/.test(traceId) ? null : traceId;
}

/** The half of a run id that stands for the volume: 16 hex digits. */
export function rootSpanIdOf(id: string): string {
  return runId.exec(id)?.[2] ?? '';
}

/** By the field of the event; OpenTelemetry has names of its own for two of them. */
const names: Readonly<Record<string, string>> = {
  policy: 'snapkeep.policy',
  target: 'snapkeep.target',
  runId: 'snapkeep.run_id',
  volumeId: 'snapkeep.volume_id',
  snapshotId: 'snapkeep.snapshot_id',
  attempt: 'snapkeep.attempt',
  kind: 'snapkeep.failure_kind',
  reason: 'snapkeep.reason',
  delayMs: 'snapkeep.delay_ms',
  operation: 'snapkeep.operation',
  requestId: 'snapkeep.request_id',
  errorMessage: 'snapkeep.error_message',
  errorCode: 'error.type',
  httpStatus: 'http.response.status_code',
};

/** The fields of an event as attributes of a span; what is null, or has no name above, is left out. */
export function attributesOf(fields: object): Attributes {
  const attributes: Attributes = {};
  for (const [field, value] of Object.entries(fields) as [string, unknown][]) {
    const name = names[field];
    if (name !== undefined && (typeof value === 'string' || typeof value === 'number')) attributes[name] = value;
    if (field === 'due' && typeof value === 'number') attributes['snapkeep.due'] = new Date(value).toISOString();
  }
  return attributes;
}
