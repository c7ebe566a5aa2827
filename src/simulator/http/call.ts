import type { Cloud, DeletionFate, SnapshotOrder } from '../state/cloud.ts';
import type { Reply } from './reply.ts';
import type { CloudRequest } from './request.ts';

/** What a fault asks of the handler itself, as opposed to its answer. */
export interface Twists {
  readonly snapshotFate?: SnapshotOrder['fate'];
  readonly deletionFate?: DeletionFate;
}

/** One authenticated request on its way to its handler. */
export interface Call {
  readonly cloud: Cloud;
  readonly request: CloudRequest;
  /** Path parameters by name. */
  readonly params: Readonly<Record<string, string>>;
  /** Minor part of the API version asked for: 0 without the header. */
  readonly minor: number;
  /** `http://host:port` as the client addressed it. */
  readonly baseUrl: string;
  readonly twists: Twists;
}

/** A change of the cloud's state, not yet made, and the answer that tells of it. */
export interface Outcome {
  readonly reply: Reply;
  readonly volumeId?: string | undefined;
  readonly snapshotId?: string | undefined;
}

/**
 * Validates at once and throws a refusal if need be; `commit` makes the change. The two are apart because a fault may
 * put time, or a lost answer, between them.
 */
export interface Prepared {
  readonly commit: () => Outcome;
}

export type Handler = (call: Call) => Prepared;

/** For handlers that only read. */
export function reading(outcome: () => Outcome): Prepared {
  return { commit: outcome };
}
