import type { Instant } from '#domain/time';

/** What has been told, shared by all replicas. Every method may throw where the store is away. */
export interface NoticeBoard {
  /** Since when ended firings are told: noted as `at` by the first who asks, and lost with the store. */
  since(at: Instant): Promise<Instant>;
  /** Volumes of a policy that were told as overdue and not as recovered since. Forgotten a week after the policy was last asked for. */
  toldOverdue(policy: string): Promise<ReadonlySet<string>>;
  setTold(policy: string, change: { readonly add: readonly string[]; readonly remove: readonly string[] }): Promise<void>;
}
