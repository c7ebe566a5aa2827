import { runIdOf } from '#domain/naming/run-id';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import type { RetentionRules } from '#domain/policy';
import { decideRetention } from '#domain/retention/decide-retention';
import type { RetentionDecision, RetentionInput } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import { MINUTE, addMs, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';

export const INSTANCE = 'prod';
export const POLICY = 'nightly';
const VOLUME = 'vol-a';

export function at(iso: string): Instant {
  return instant(Date.parse(iso));
}

export function rules(some: Partial<RetentionRules>): RetentionRules {
  return { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, within: durationMs(0), orphans: 'keep', ...some };
}

/** What differs from a good snapshot made a minute after its due time; `hold` and `more` go into the metadata. */
export interface Oddity {
  readonly id?: string;
  readonly name?: string | null;
  readonly status?: string;
  readonly createdAt?: Instant | null;
  readonly instance?: string;
  readonly policy?: string;
  readonly runId?: string;
  readonly hold?: boolean;
  readonly more?: Readonly<Record<string, string>>;
}

/** A snapshot of the policy; its id is its due time unless given. */
export function owned(due: Instant | string, odd: Oddity = {}): Snapshot {
  const when = typeof due === 'string' ? at(due) : due;
  const { instance = INSTANCE, policy = POLICY, hold = false, more = {} } = odd;
  const runId = odd.runId ?? runIdOf(instance, policy, VOLUME, when);
  return {
    id: odd.id ?? new Date(when).toISOString().replace('.000Z', 'Z'),
    volumeId: VOLUME,
    name: odd.name === undefined ? 'nightly-vol-a' : odd.name,
    status: odd.status ?? 'available',
    sizeGb: 10,
    metadata: { team: 'payments', ...ownedMetadata({ instance, policy, due: when, runId }), ...(hold ? { snapkeep_hold: 'true' } : {}), ...more },
    createdAt: odd.createdAt === undefined ? addMs(when, MINUTE) : odd.createdAt,
  };
}

export function decide(snapshots: readonly Snapshot[], some: Partial<RetentionInput> = {}): readonly RetentionDecision[] {
  return decideRetention({ instance: INSTANCE, policy: POLICY, timezone: 'UTC', rules: rules({ last: 1 }), snapshots, now: at('9000-01-01T00:00:00Z'), ...some });
}

/** Each decision as a line: `<id>: <action> (<cause>): <reason>, <reason>`. */
export function lines(decisions: readonly RetentionDecision[]): string[] {
  return decisions.map(({ snapshot, action, cause, reasons }) => `${snapshot.id}: ${action}${cause === null ? '' : ` (${cause})`}: ${reasons.join(', ')}`);
}

export function idsOf(decisions: readonly RetentionDecision[], action: RetentionDecision['action']): string[] {
  return decisions.filter((each) => each.action === action).map(({ snapshot }) => snapshot.id);
}
