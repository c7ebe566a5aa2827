import { CloudFailure } from '#domain/failure/failure';
import { ActionRefused } from '#app/ports/actions';

/** Every code an answer may carry, with its HTTP status. */
export const ERROR_STATUS = {
  bad_request: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  refused: 409,
  too_large: 413,
  unsupported_media_type: 415,
  too_many_requests: 429,
  internal: 500,
  not_implemented: 501,
  cloud_failed: 502,
  store_unavailable: 503,
} as const;
export type ErrorCode = keyof typeof ERROR_STATUS;

/** A request that is answered with an error; the message is for people and holds no secret. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: ErrorCode;
  readonly retryAfterSeconds: number | null;

  constructor(code: ErrorCode, message: string, retryAfterSeconds: number | null = null) {
    super(message);
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

const codeOfStatus = new Map<number, ErrorCode>([[400, 'bad_request'], [404, 'not_found'], [413, 'too_large'], [415, 'unsupported_media_type']]);

/** What is known of an error may be told; of anything else only that it happened, since its text might hold anything. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  if (error instanceof ActionRefused) return new ApiError('refused', error.message);
  if (error instanceof CloudFailure) return new ApiError('cloud_failed', error.message);
  // Fastify's own: a body that is no JSON, too large, of another type.
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') {
    const code = codeOfStatus.get(error.statusCode);
    if (code !== undefined) return new ApiError(code, error.message);
  }
  return new ApiError('internal', 'unexpected error; the log of the service may tell more');
}
