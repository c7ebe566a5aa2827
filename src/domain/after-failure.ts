import type { Failure } from './failure/failure.ts';
import type { DurationMs } from './time.ts';

/** What follows a create call that failed. Delays count from now. */
export type AfterFailure =
  /** Try again; `look` first, because the cloud may have acted. */
  | { readonly kind: 'retry'; readonly delay: DurationMs; readonly look: boolean }
  /** The call was turned away unread: the same try again, none is used up. */
  | { readonly kind: 'wait'; readonly delay: DurationMs }
  /** No try is left, but the cloud may have acted: look once more before giving up. */
  | { readonly kind: 'last-look' }
  | { readonly kind: 'fail' }
  | { readonly kind: 'skip'; readonly reason: string };

/**
 * `tries` counts the create calls made, this one included. `named` tells that the policy names the volume by its id: then
 * its absence is a failure, else the volume went away after it was listed. `madeRoom` tells that snapshots which had expired are
 * being deleted because of this failure.
 */
export function decideAfterFailure(input: {
  failure: Failure;
  tries: number;
  attempts: number;
  named: boolean;
  backoff: DurationMs;
  madeRoom?: boolean;
}): AfterFailure {
  const { failure, tries, attempts, named, backoff } = input;
  const delay = Math.max(backoff, failure.retryAfterMs ?? 0) as DurationMs;
  switch (failure.kind) {
    case 'throttled':
      return { kind: 'wait', delay: (failure.retryAfterMs === null || failure.retryAfterMs === 0 ? backoff : failure.retryAfterMs) as DurationMs };
    case 'transient':
    case 'unknown':
      if (tries < attempts) return { kind: 'retry', delay, look: failure.outcomeUnknown };
      return failure.outcomeUnknown ? { kind: 'last-look' } : { kind: 'fail' };
    case 'conflict':
      return tries < attempts ? { kind: 'retry', delay, look: false } : { kind: 'fail' };
    case 'not_found':
      return named ? { kind: 'fail' } : { kind: 'skip', reason: 'the volume is gone' };
    case 'quota':
      return input.madeRoom === true && tries < attempts ? { kind: 'retry', delay, look: false } : { kind: 'fail' };
    case 'auth':
    case 'invalid':
      return { kind: 'fail' };
  }
}
