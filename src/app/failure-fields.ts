import type { CloudFailure } from '#domain/failure/failure';
import type { EventFields } from './events.ts';

/** What an event says of a call that failed. */
export function failureFields({ failure }: CloudFailure): Omit<EventFields['policy.start_failed'], 'policy' | 'target'> {
  const { kind, httpStatus, code, message, requestId } = failure;
  return { kind, httpStatus, errorCode: code, errorMessage: message, requestId };
}
