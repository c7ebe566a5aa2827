import type { RetentionRules } from '../policy.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Instant } from '../time.ts';
import { keepReasons, keepsAll } from './keep-reasons.ts';
import { listedOnce } from './listed-once.ts';
import { oneOfEachRun } from './one-of-each-run.ts';
import { standingOf } from './standing.ts';
import type { Good, Standing } from './standing.ts';

export type RetentionAction = 'keep' | 'delete' | 'ignore';

export interface RetentionDecision {
  readonly snapshot: Snapshot;
  readonly action: RetentionAction;
  /** Never empty. For a snapshot that stays: every rule that keeps it. */
  readonly reasons: readonly string[];
  /** Set for deletes: `expired` (no rule keeps a good one), `failed` (status `error`, never became good), `duplicate` (second good one of one run). */
  readonly cause: 'expired' | 'failed' | 'duplicate' | null;
}

export interface RetentionInput {
  readonly instance: string;
  readonly policy: string;
  /** IANA zone whose calendar the rules go by. */
  readonly timezone: string;
  /** Null keeps every good snapshot, and so do rules that are all zero. */
  readonly rules: RetentionRules | null;
  /** All of ONE volume, in any order, foreign ones too. One that a listing gave twice may stand here twice. */
  readonly snapshots: readonly Snapshot[];
  /** Only tells what is due in the future: nothing ages by it. */
  readonly now: Instant;
}

type Verdict = Omit<RetentionDecision, 'snapshot'>;

/**
 * Decides what becomes of each snapshot of a volume under one policy: one decision per snapshot, in the order given,
 * independent of that order. All goes by the due time in the mark of ownership. Ages and buckets count back from the newest good
 * snapshot, which always stays. What is not ours, not finished or held is never deleted.
 *
 * A listing that lacks snapshots never leads to the deletion of one that the whole listing would keep. Throws a RangeError for
 * a zone that is not known, where there is anything to decide.
 */
export function decideRetention(input: RetentionInput): readonly RetentionDecision[] {
  const { instance, policy, timezone, rules, now } = input;
  const { listed, standings } = listedOnce(input.snapshots, (snapshot) => standingOf(snapshot, instance, policy));
  const goods = standings.filter((standing) => standing.kind === 'good');
  const { newestFirst, duplicates } = oneOfEachRun(goods.filter(({ due }) => due <= now));

  const reasons = rules === null || keepsAll(rules) ? reasonForAll(newestFirst, 'no retention rules') : keepReasons(newestFirst, rules, timezone);
  for (const good of goods) if (good.due > now) reasons.set(good, ['due in the future']);
  return listed.map(({ snapshot, subject }) => ({ snapshot, ...verdictOf(subject.standing, reasons, duplicates) }));
}

function reasonForAll(goods: readonly Good[], reason: string): Map<Good, readonly string[]> {
  return new Map(goods.map((good) => [good, [reason]]));
}

function verdictOf(standing: Standing, reasons: ReadonlyMap<Good, readonly string[]>, duplicates: ReadonlyMap<Good, Good>): Verdict {
  switch (standing.kind) {
    case 'ignored':
      return { action: 'ignore', reasons: [standing.reason], cause: null };
    case 'held':
      return { action: 'keep', reasons: ['held'], cause: null };
    case 'failed':
      return { action: 'delete', reasons: ['never became good'], cause: 'failed' };
    case 'good': {
      const stays = [...(standing.isHeld ? ['held'] : []), ...(reasons.get(standing) ?? [])];
      if (stays.length > 0) return { action: 'keep', reasons: stays, cause: null };
      const first = duplicates.get(standing);
      if (first !== undefined) return { action: 'delete', reasons: [`duplicate of ${first.id}`], cause: 'duplicate' };
      return { action: 'delete', reasons: ['no rule keeps it'], cause: 'expired' };
    }
  }
}
