import type { NotificationEvent } from '#domain/policy';

/** Who is called: a receiver named under `notifications`, or the heartbeat of a policy. Where to find it is read when it is called. */
export type Recipient = { readonly kind: 'receiver'; readonly name: string } | { readonly kind: 'heartbeat'; readonly policy: string };

/** One call to one receiver. Holds the name of the receiver and neither its URL nor its secret. */
export interface NoticeJob {
  /** Equal for the same call, so that it is queued once. No colon in it, and never like an integer. */
  readonly id: string;
  readonly to: Recipient;
  readonly about: NotificationEvent | 'heartbeat';
  readonly policy: string | null;
  /** What is sent; null for a heartbeat, which is a GET. */
  readonly message: { readonly contentType: string; readonly body: string } | null;
  /** Tries in all, the first included. */
  readonly attempts: number;
}

/** Carries calls to whoever makes them, at least once. */
export interface NoticeQueue {
  /**
   * An id that is queued, or was carried out lately, is not queued again. A call to a recipient for which too many wait is
   * dropped, and that is told. Throws where the store is away.
   */
  enqueue(jobs: readonly NoticeJob[]): Promise<void>;
}
