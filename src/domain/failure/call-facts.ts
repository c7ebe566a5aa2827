import type { Instant } from '../time.ts';

/** How far a call got before it was lost: `connect` means that not a byte of the request was sent. */
export type TransportPhase = 'connect' | 'sent' | 'headers' | 'body';

/** Why a call was lost. Each is a `Failure.code`, so the set stays small. */
export const TRANSPORT_CODES = ['timeout', 'reset', 'refused', 'unreachable', 'dns', 'tls', 'proxy', 'too_large', 'malformed', 'closed', 'network'] as const;
export type TransportCode = (typeof TRANSPORT_CODES)[number];

/** A call without a complete answer. */
export interface LostAnswer {
  readonly type: 'lost';
  readonly phase: TransportPhase;
  readonly code: TransportCode;
  /** For people; holds no header and no body. */
  readonly detail: string;
}

/** A complete answer that is not a success. */
export interface RefusedAnswer {
  readonly type: 'answer';
  readonly status: number;
  readonly body: string;
  /** The header that names the request in the cloud's own logs, where there was one. */
  readonly requestId: string | null;
  /** The `Retry-After` header as sent. */
  readonly retryAfter: string | null;
}

/** A success by its status whose body cannot be read. */
export interface UnreadableAnswer {
  readonly type: 'unreadable';
  readonly status: number;
  readonly body: string;
  readonly requestId: string | null;
  readonly detail: string;
}

/** All that classifying a failed call needs, free of any HTTP library. */
export interface CallFacts {
  readonly outcome: LostAnswer | RefusedAnswer | UnreadableAnswer;
  /** The call makes something: a lost answer then leaves its outcome unknown. */
  readonly creates: boolean;
  /** Whether a create asked for `force`; null for every other call. */
  readonly force: boolean | null;
  /** Against what a `Retry-After` date is measured. */
  readonly now: Instant;
  /** Takes the secrets in use out of a text; patterns are taken out in any case. */
  readonly redact?: (text: string) => string;
}
