/** What a failed call means for the run. Also the label `kind` of the metrics. */
export const FAILURE_KINDS = ['throttled', 'transient', 'auth', 'quota', 'conflict', 'not_found', 'invalid', 'unknown'] as const;
export type FailureKind = (typeof FAILURE_KINDS)[number];

/** One failed call, as a value: what the cloud said and what it means. Holds no secret. */
export interface Failure {
  readonly kind: FailureKind;
  /** Null where no answer came. */
  readonly httpStatus: number | null;
  /**
   * The cloud's own code (`EVS.5400`), else the wrapper's name (`badRequest`, `overLimit`), else `HTTP_<status>`; for a
   * lost answer `timeout`, `reset`, `refused` and the like. A small set: it is a metric label.
   */
  readonly code: string;
  /** The cloud's own message, cut to a bounded length. */
  readonly message: string;
  readonly requestId: string | null;
  /** How long the cloud asked to wait; null where it did not say. */
  readonly retryAfterMs: number | null;
  /** The cloud may have acted although it did not say so: a create must be looked for before it is repeated. */
  readonly outcomeUnknown: boolean;
}

/** A failed call as an error: what ports to the cloud throw, and the only thing they throw. */
export class CloudFailure extends Error {
  override readonly name = 'CloudFailure';
  readonly failure: Failure;

  constructor(failure: Failure, options?: { cause?: unknown }) {
    super(`${failure.code}: ${failure.message}`, options);
    this.failure = failure;
  }
}
