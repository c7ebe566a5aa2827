import type { CallObserver } from '../adapters/http-client/call-observer.ts';
import type { Telemetry } from '#app/ports/telemetry';

/** Tells the calls to the cloud of a target as events; word for word, without secrets, where `dumps`. */
export function callTelemetry(telemetry: Telemetry, target: string, dumps: boolean): CallObserver {
  return {
    onCall: ({ operation, status, code, durationMs, requestId }) =>
      telemetry.emit('api.called', { target, operation, httpStatus: status, errorCode: code, durationMs, requestId }),
    ...(dumps
      ? {
          onDump: ({ operation, request, response, durationMs }) =>
            telemetry.emit('api.dumped', {
              target,
              operation,
              method: request.method,
              url: request.url,
              requestHeaders: request.headers,
              requestBody: request.body,
              httpStatus: response?.status ?? null,
              responseHeaders: response?.headers ?? null,
              responseBody: response?.body ?? null,
              durationMs,
            }),
        }
      : {}),
  };
}
