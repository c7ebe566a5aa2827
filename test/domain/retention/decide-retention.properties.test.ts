import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { RetentionDecision, RetentionInput } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import { durationMs, formatDuration, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import { someDues, someNow, someRules, someSnapshots, someZone } from './arbitrary.ts';
import { secondOpinion } from './second-opinion.ts';
import { decide, idsOf, owned, rules as rulesOf } from './volume.ts';

const world = fc.record({ snapshots: someSnapshots, rules: someRules, timezone: someZone, now: someNow });
const runs = { numRuns: 1_500 };

function deleted(decisions: readonly RetentionDecision[]): Set<string> {
  return new Set(idsOf(decisions, 'delete'));
}

function survivors(snapshots: readonly Snapshot[], input: Partial<RetentionInput>): readonly Snapshot[] {
  return decide(snapshots, input).filter(({ action }) => action === 'keep').map(({ snapshot }) => snapshot);
}

/** Good, ours and not in the future; may hold several of one run. */
function countable({ status, metadata, name }: Snapshot, now: Instant): boolean {
  const owner = ownershipOf(metadata);
  return status === 'available' && owner?.instance === 'prod' && owner.policy === 'nightly' && owner.due <= now && name?.startsWith('autobk_') !== true;
}

test('agrees with the second opinion on every reason', () => {
  fc.assert(
    fc.property(someDues, someRules, someZone, (dues, rules, timezone) => {
      const reasons = decide(dues.map((due) => owned(due)), { rules, timezone }).map((each) => (each.action === 'keep' ? each.reasons : []));

      const within = `within ${formatDuration(rules.within)}`;
      const isEmpty = Object.values(rules).every((each) => each === 0 || each === 'keep');
      const expected = isEmpty ? dues.map(() => ['no retention rules']) : secondOpinion(dues, rules, timezone);
      expect(reasons).toEqual(expected.map((each) => each.map((reason) => (reason === 'within' ? within : reason))));
    }),
    // Clocks in St. John's went back by an hour at one minute past midnight: a minute of that hour is shown twice.
    { numRuns: 3_000, examples: [[[instant(1_289_100_660_000)], rulesOf({ hourly: 1 }), 'America/St_Johns']] },
  );
});

test('one decision per snapshot, in the order given, each with a reason; a cause exactly for deletes', () => {
  fc.assert(
    fc.property(world, ({ snapshots, ...input }) => {
      const decisions = decide(snapshots, input);

      expect(decisions.map(({ snapshot }) => snapshot)).toEqual(snapshots);
      for (const { action, reasons, cause } of decisions) {
        expect(reasons).not.toEqual([]);
        expect(cause !== null).toBe(action === 'delete');
      }
    }),
    runs,
  );
});

test('deciding again after the deletes deletes nothing more and changes no reason', () => {
  fc.assert(
    fc.property(world, ({ snapshots, ...input }) => {
      const left = decide(snapshots, input).filter(({ action }) => action !== 'delete');

      expect(decide(left.map(({ snapshot }) => snapshot), input)).toEqual(left);
    }),
    runs,
  );
});

test('pruned after every snapshot or once at the end, the same stay', () => {
  fc.assert(
    fc.property(someDues, someRules, someZone, (dues, rules, timezone) => {
      const arriving = dues.toSorted((a, b) => a - b).map((due) => owned(due));
      let left: readonly Snapshot[] = [];
      for (const next of arriving) left = survivors([...left, next], { rules, timezone });

      expect(left).toEqual(survivors(arriving, { rules, timezone }));
    }),
    runs,
  );
});

test('the order of the listing, and entries listed twice, change nothing', () => {
  const shuffled = world.chain((input) =>
    fc.record({ input: fc.constant(input), again: fc.shuffledSubarray([...input.snapshots]) }).chain(({ again }) =>
      fc.record({ input: fc.constant(input), other: fc.shuffledSubarray([...input.snapshots, ...again], { minLength: input.snapshots.length + again.length }) }),
    ),
  );
  fc.assert(
    fc.property(shuffled, ({ input: { snapshots, ...input }, other }) => {
      const byId = new Map(decide(snapshots, input).map((each) => [each.snapshot.id, each]));

      for (const decision of decide(other, input)) expect(decision).toEqual(byId.get(decision.snapshot.id));
    }),
    runs,
  );
});

test('of what can be counted the newest stays', () => {
  fc.assert(
    fc.property(world, ({ snapshots, ...input }) => {
      const dueOf = (snapshot: Snapshot): number => ownershipOf(snapshot.metadata)?.due ?? Number.NaN;
      const goods = snapshots.filter((each) => countable(each, input.now));
      const newest = Math.max(...goods.map(dueOf));

      const kept = decide(snapshots, input).filter(({ snapshot, action }) => action === 'keep' && goods.includes(snapshot) && dueOf(snapshot) === newest);
      expect(kept.length > 0).toBe(goods.length > 0);
    }),
    runs,
  );
});

test('nothing foreign, held, unfinished or due in the future is deleted', () => {
  fc.assert(
    fc.property(world, ({ snapshots, ...input }) => {
      for (const { snapshot, cause } of decide(snapshots, input).filter(({ action }) => action === 'delete')) {
        expect(snapshot.metadata).toMatchObject({ snapkeep_instance: 'prod', snapkeep_policy: 'nightly' });
        expect(snapshot.metadata).not.toHaveProperty('snapkeep_hold');
        expect(snapshot.name).not.toBe('autobk_snapshot_1');
        if (cause === 'failed') expect(snapshot.status).toBe('error');
        else expect(countable(snapshot, input.now)).toBe(true);
      }
    }),
    runs,
  );
});

const ruleNames = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly', 'within'] as const;

test('with a rule added, a count raised or a longer within nothing more is deleted', () => {
  const raised = fc.record({ world, name: fc.constantFrom(...ruleNames), by: fc.integer({ min: 1, max: 5 }) });
  fc.assert(
    fc.property(raised, ({ world: { snapshots, rules, ...input }, name, by }) => {
      // From no rule at all to one is no raise: no rule keeps everything.
      fc.pre(ruleNames.some((each) => rules[each] > 0));
      const more = name === 'within' ? { ...rules, within: durationMs(rules.within + by * 86_400_000) } : { ...rules, [name]: rules[name] + by };

      const before = deleted(decide(snapshots, { ...input, rules }));
      expect([...deleted(decide(snapshots, { ...input, rules: more }))].filter((id) => !before.has(id))).toEqual([]);
    }),
    runs,
  );
});

test('no more stay by rules than the counts, what is within, and the newest', () => {
  fc.assert(
    fc.property(world, ({ snapshots, rules, ...input }) => {
      fc.pre(ruleNames.some((each) => rules[each] > 0));
      const kept = decide(snapshots, { ...input, rules }).filter(({ action, reasons }) => action === 'keep' && reasons.some((each) => each !== 'held' && each !== 'due in the future'));

      const within = kept.filter(({ reasons }) => reasons.some((each) => each.startsWith('within ')));
      const counts = rules.last + rules.hourly + rules.daily + rules.weekly + rules.monthly + rules.yearly;
      expect(kept.length).toBeLessThanOrEqual(counts + within.length + 1);
    }),
    runs,
  );
});

/** A listing that lost pages, was cut off or came late is harmless. */
test('with any snapshots missing from the listing nothing is deleted that the whole would keep', () => {
  const shrunken = world.chain((input) => fc.record({ input: fc.constant(input), left: fc.subarray([...input.snapshots]) }));
  fc.assert(
    fc.property(shrunken, ({ input: { snapshots, ...input }, left }) => {
      const whole = deleted(decide(snapshots, input));

      expect([...deleted(decide(left, input))].filter((id) => !whole.has(id))).toEqual([]);
    }),
    { numRuns: 5_000 },
  );
});
