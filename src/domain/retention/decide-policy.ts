import type { Policy } from '../policy.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Instant } from '../time.ts';
import { brakeReason } from './brake.ts';
import type { VolumePrune } from './brake.ts';
import { decideRetention } from './decide-retention.ts';
import type { RetentionDecision } from './decide-retention.ts';

export interface PolicyInput {
  readonly instance: string;
  readonly policy: Policy;
  /** All snapshots of each volume, foreign ones too or not. */
  readonly snapshots: ReadonlyMap<string, readonly Snapshot[]>;
  /** When the newest good snapshot of a volume was made, as far as it is recorded elsewhere than in the cloud. */
  readonly lastGoodAt: ReadonlyMap<string, Instant>;
  /** Volumes that the cloud says are no more. */
  readonly gone: ReadonlySet<string>;
  readonly now: Instant;
}

export interface PolicyDecision {
  readonly decisions: readonly RetentionDecision[];
  /** Volumes about which nothing was decided: what was listed of them is not all there is. */
  readonly undecided: readonly string[];
  /** Why the expired ones must not go before somebody confirms it; null where they may. */
  readonly brake: string | null;
  /** Good snapshots of the policy, and how many of them no rule keeps. */
  readonly good: number;
  readonly expired: number;
}

/**
 * Decides for all volumes of a policy, or for some. The snapshots of a volume that is gone are the last there is of it: they stay
 * unless the policy says otherwise. Of a volume whose listing lacks the newest good snapshot that is on record nothing expires.
 */
export function decidePolicy(input: PolicyInput): PolicyDecision {
  const { instance, policy, now } = input;
  const decisions: RetentionDecision[] = [];
  const undecided: string[] = [];
  const counts: VolumePrune[] = [];
  for (const [volumeId, snapshots] of input.snapshots) {
    let decided = decideRetention({ instance, policy: policy.name, timezone: policy.schedule.timezone, rules: policy.retention, snapshots, now });
    if (!showsNewest(decided, input.lastGoodAt.get(volumeId))) {
      undecided.push(volumeId);
      decided = decided.map((decision) => staying(decision, 'the listing lacks the newest good snapshot'));
    } else if (input.gone.has(volumeId) && policy.retention?.orphans !== 'expire') {
      decided = decided.map((decision) => staying(decision, 'the volume is gone (orphans: keep)'));
    }
    decisions.push(...decided);
    counts.push({ volumeId, good: decided.filter(isGood).length, expired: decided.filter(({ cause }) => cause === 'expired').length });
  }
  const sum = (of: 'good' | 'expired'): number => counts.reduce((total, each) => total + each[of], 0);
  return { decisions, undecided, brake: brakeReason(counts), good: sum('good'), expired: sum('expired') };
}

/** One whose time cannot be read may be the newest. */
function showsNewest(decisions: readonly RetentionDecision[], lastGoodAt: Instant | undefined): boolean {
  if (lastGoodAt === undefined) return true;
  return decisions.some((decision) => isGood(decision) && (decision.snapshot.createdAt === null || decision.snapshot.createdAt >= lastGoodAt));
}

function isGood({ snapshot, action }: RetentionDecision): boolean {
  return action !== 'ignore' && snapshot.status === 'available';
}

function staying(decision: RetentionDecision, reason: string): RetentionDecision {
  return decision.cause === 'expired' ? { ...decision, action: 'keep', reasons: [reason], cause: null } : decision;
}
