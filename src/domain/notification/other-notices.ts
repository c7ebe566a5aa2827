import { boundedLine } from '../failure/redact-text.ts';
import { DAY, HOUR } from '../time.ts';
import type { Instant } from '../time.ts';
import type { ConfigRefused, PruneBraked } from './notice.ts';
import { noticeId } from './notice-id.ts';

/** What stopped a prune, as whoever stopped it says it. */
export interface Brake {
  readonly policy: string;
  readonly target: string;
  readonly reason: string;
  readonly expired: number;
  readonly good: number;
  /** Of the policy: a changed one lifts the brake. */
  readonly revision: string;
}

/** A brake that holds is one piece of news a day (UTC) for a policy as it is written. */
export function pruneBrakedNotice(instance: string, { policy, target, reason, expired, good, revision }: Brake, at: Instant): PruneBraked {
  const id = noticeId([instance, 'prune.braked', policy, revision, Math.floor(at / DAY)]);
  return { id, instance, event: 'prune.braked', at, policy, target, reason: boundedLine(reason, 300), expired, good };
}

/** Replicas refuse the same files within minutes of each other: the same words within an hour are the same news. */
export function configRefusedNotice(instance: string, { problems, errorMessage }: { problems: number; errorMessage: string }, at: Instant): ConfigRefused {
  const id = noticeId([instance, 'config.refused', problems, errorMessage, Math.floor(at / HOUR)]);
  return { id, instance, event: 'config.refused', at, policy: null, problems, message: boundedLine(errorMessage, 1_000) };
}
