import { describe, expect, test } from 'vitest';
import { executeRun } from '#app/execute-run';
import { fireDueTimes } from '#app/fire-due-times';
import { firingIdOf } from '#domain/naming/run-id';
import { HOUR, MINUTE, SECOND, addMs, instant } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import type { CreateScript } from '../fakes/fake-cloud.ts';
import { CrashAt, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { DUE, World } from '../fakes/world.ts';
import type { WorldDeps } from '../fakes/world.ts';

/** A scheduler and a worker in one process: the due time is fired, its runs are worked on until nothing is left. */
async function process(world: World, deps: WorldDeps): Promise<void> {
  const { policy } = world;
  for (let n = 0; n < 50; n += 1) {
    const states = await deps.ledger.policyStates([policy.name]);
    const result = await fireDueTimes(deps, policy, states.get(policy.name) ?? null, { now: world.clock.now(), storeSince: instant(0), paused: false }, world.signal);
    if (result === 'done') break;
    await world.clock.advance(10 * SECOND);
  }
  await world.finish(deps);
}

async function prepared(scripts: readonly CreateScript[], volumes: readonly string[] = ['vol-1']): Promise<World> {
  const world = new World({ now: '2026-11-24T01:59:00Z', volumes });
  world.cloud.scriptCreates(...scripts);
  // The policy is known since a minute before the due time.
  await fireDueTimes(world.deps(), world.policy, null, { now: world.clock.now(), storeSince: instant(0), paused: false }, world.signal);
  await world.clock.advanceTo(DUE);
  return world;
}

interface Scenario {
  readonly what: string;
  readonly scripts: () => CreateScript[];
  /** Create calls of a process that is not cut off. */
  readonly creates: number;
}

const scenarios: readonly Scenario[] = [
  { what: 'all goes well', scripts: () => [], creates: 1 },
  { what: 'the first answer is lost, the snapshot made', scripts: () => [{ loseAnswer: answers.timeout() }], creates: 1 },
  { what: 'the first answer is lost, the snapshot shows late', scripts: () => [{ loseAnswer: answers.reset(), invisibleFor: 20_000 }], creates: 1 },
  { what: 'the first answer is lost, nothing made', scripts: () => [{ refuse: answers.gatewayTimeout() }], creates: 2 },
  { what: 'throttled first', scripts: () => [{ refuse: answers.throttled() }], creates: 2 },
  { what: 'the first snapshot ends in error', scripts: () => [{ ends: 'error' }], creates: 2 },
];

describe('killed at the n-th call of any port, then taken over', () => {
  test.each(scenarios)('$what', async ({ scripts, creates }) => {
    const clean = await prepared(scripts());
    const all = new CrashAt(Infinity);
    expect(await crashes(() => process(clean, gatedDeps(clean, all.gate)))).toBe(false);
    expect(clean.cloud.creates).toHaveLength(creates);
    expect(all.points.length).toBeGreaterThan(30);

    for (const [n, point] of all.points.entries()) {
      const world = await prepared(scripts());
      const first = new CrashAt(n);
      const where = `killed ${point} (${n})`;
      expect(await crashes(() => process(world, gatedDeps(world, first.gate))), where).toBe(true);
      expect(first.points, where).toEqual(all.points.slice(0, n));
      // The queue hands what a silent worker had to the next one, 30 s later at most.
      await world.clock.advance(25 * SECOND);
      world.queue.takeOver();
      await process(world, world.deps());

      const runs = await world.runs();
      expect(runs.map(({ outcome }) => outcome), where).toEqual(['available']);
      // Failed ones may stay until they are pruned; one that is still being made would be a second one.
      const good = world.cloud.snapshots().filter(({ status }) => status !== 'error');
      expect(good.map(({ id }) => id), where).toEqual([runs[0]?.snapshotId]);
      expect((await world.ledger.protections('nightly'))[0]?.lastGoodAt, where).toBe(good[0]?.createdAt);
      expect(await world.ledger.firing(firingIdOf('prod', 'nightly', DUE)), where).toMatchObject({ total: 1, counts: { available: 1 }, finishedAt: expect.any(Number) });
      expect(await world.ledger.openFirings(), where).toEqual([]);
      expect(world.queue.size, where).toBe(0);
      // The due time is dealt with: a third process finds nothing to do.
      const before = world.cloud.creates.length;
      await process(world, world.deps());
      expect(world.cloud.creates.length, where).toBe(before);
    }
  });

  test('a second kill during the recovery', async () => {
    const scripts = (): CreateScript[] => [{ loseAnswer: answers.timeout() }];
    const clean = await prepared(scripts());
    const all = new CrashAt(Infinity);
    await process(clean, gatedDeps(clean, all.gate));
    let recovered = 0;
    for (let n = 0; n < all.points.length; n += 3) {
      for (const m of [1, 5, 9, 13, 17, 21, 25, 29]) {
        const world = await prepared(scripts());
        for (const limit of [n, m]) {
          await crashes(() => process(world, gatedDeps(world, new CrashAt(limit).gate)));
          await world.clock.advance(25 * SECOND);
          world.queue.takeOver();
        }
        await process(world, world.deps());
        expect((await world.runs()).map(({ outcome }) => outcome), `killed at ${n}, then at ${m}`).toEqual(['available']);
        expect(world.cloud.snapshots(), `killed at ${n}, then at ${m}`).toHaveLength(1);
        recovered += 1;
      }
    }
    expect(recovered).toBeGreaterThan(80);
  });
});

describe('the store loses everything at the n-th call of any port', () => {
  /** A world with last night's snapshot, two volumes, and today's due time now. */
  async function secondNight(scripts: readonly CreateScript[]): Promise<World> {
    const world = new World({ now: '2026-11-23T01:59:00Z', volumes: ['vol-1', 'vol-2'] });
    await process(world, world.deps());
    await world.clock.advanceTo(addMs(DUE, -24 * HOUR));
    await process(world, world.deps());
    expect(world.cloud.snapshots()).toHaveLength(2);
    world.cloud.scriptCreates(...scripts);
    await world.clock.advanceTo(DUE);
    return world;
  }

  test.each(scenarios)('and the process dies with it: $what', async ({ scripts }) => {
    const clean = await secondNight(scripts());
    const all = new CrashAt(Infinity);
    await process(clean, gatedDeps(clean, all.gate));

    for (const [n, point] of all.points.entries()) {
      const world = await secondNight(scripts());
      const where = `lost ${point} (${n})`;
      expect(await crashes(() => process(world, gatedDeps(world, new CrashAt(n).gate))), where).toBe(true);
      world.loseStore();
      await world.clock.advance(25 * SECOND);
      await process(world, world.deps());

      const good = world.cloud.snapshots().filter(({ status }) => status !== 'error').map(({ volumeId, metadata }) => `${volumeId} ${metadata['snapkeep_due']}`);
      const nights = ['2026-11-23', '2026-11-24'].flatMap((day) => ['vol-1', 'vol-2'].map((volume) => `${volume} ${day}T02:00:00Z`));
      expect(good.toSorted(), where).toEqual(nights.toSorted());
      const today = (await world.ledger.runs({ limit: 10, since: DUE })).runs.map(({ run }) => run);
      expect(today.map(({ outcome }) => outcome), where).toEqual(['available', 'available']);
      expect(await world.ledger.openFirings(), where).toEqual([]);
      const made = world.cloud.snapshots().filter(({ status, createdAt }) => status !== 'error' && (createdAt ?? 0) >= DUE);
      const lastGood = new Map((await world.ledger.protections('nightly')).map(({ volumeId, lastGoodAt }) => [volumeId, lastGoodAt]));
      expect(lastGood, where).toEqual(new Map(made.map(({ volumeId, createdAt }) => [volumeId, createdAt])));
    }
  });
});

describe('two workers on one run', () => {
  interface Duel {
    readonly points: readonly string[];
    /** At which points the first worker stood when it ended with more than one snapshot. */
    readonly doubled: string[];
  }

  /** Worker A stands still before and after each of its calls in turn, while worker B does `meanwhile`; then A goes on. */
  async function duel(scripts: () => CreateScript[], meanwhile: (world: World, runId: string) => Promise<void>): Promise<Duel> {
    const planned = async (): Promise<{ world: World; runId: string }> => {
      const world = new World();
      world.cloud.scriptCreates(...scripts());
      await world.plan();
      return { world, runId: (await world.onlyRun()).id };
    };
    const clean = await planned();
    const all = new CrashAt(Infinity);
    await executeRun(gatedDeps(clean.world, all.gate), clean.runId, clean.world.signal);

    const doubled: string[] = [];
    for (const [n, point] of all.points.entries()) {
      const { world, runId } = await planned();
      let passed = 0;
      const slow = gatedDeps(world, async () => {
        if (passed === n) {
          passed += 1;
          await meanwhile(world, runId);
        } else {
          passed += 1;
        }
      });
      await executeRun(slow, runId, world.signal);
      expect(passed, point).toBeGreaterThan(n);
      await world.finish();
      expect((await world.onlyRun()).outcome, point).toBe('available');
      const snapshots = world.cloud.snapshots();
      expect(snapshots.map(({ id }) => id), point).toContain((await world.onlyRun()).snapshotId);
      if (snapshots.length > 1) doubled.push(point);
      expect(world.telemetry.count('firing.finished'), point).toBe(1);
    }
    return { points: all.points, doubled };
  }

  const answersOf: readonly (readonly [string, () => CreateScript[]])[] = [
    ['the answer comes', () => []],
    ['the answer is lost', () => [{ loseAnswer: answers.timeout() }]],
    ['the cloud refuses for a while', () => [{ refuse: answers.throttled() }]],
  ];

  test.each(answersOf)('the second takes one step at the same time: never two snapshots; %s', async (_, scripts) => {
    const { points, doubled } = await duel(scripts, async (world, runId) => {
      await executeRun(world.deps(), runId, world.signal);
    });
    expect(points).toContain('sending cloud.createSnapshot');
    expect(doubled).toEqual([]);
  });

  test.each(answersOf)('the second works on within the grace: never two snapshots; %s', async (_, scripts) => {
    const { doubled } = await duel(scripts, async (world, runId) => {
      for (let n = 0; n < 3; n += 1) {
        await executeRun(world.deps(), runId, world.signal);
        await world.clock.advance(9 * SECOND);
      }
      await executeRun(world.deps(), runId, world.signal);
    });
    expect(doubled).toEqual([]);
  });

  /**
   * The one case that nothing here can close ("partition, two workers on one job"): a create
   * call that was sent and that the cloud acts upon only after the grace period, when another worker has looked, found
   * nothing and sent its own. The cloud knows no fencing. A worker that stood still anywhere else notices.
   */
  test.each(answersOf)('the first stands still for longer than the grace: two only where its create call itself was on its way; %s', async (_, scripts) => {
    const { points, doubled } = await duel(scripts, async (world) => {
      await world.clock.advance(MINUTE);
      await world.finish();
    });
    expect(points.length).toBeGreaterThan(8);
    expect(doubled.filter((point) => point !== 'sending cloud.createSnapshot')).toEqual([]);
  });

  test('and in that case there really are two, one of them recorded', async () => {
    const { doubled } = await duel(() => [], async (world) => {
      await world.clock.advance(MINUTE);
      await world.finish();
    });
    expect(doubled).toEqual(['sending cloud.createSnapshot']);
  });

  test('two watchers settle a run once', async () => {
    for (let n = 0; ; n += 1) {
      const world = new World();
      await world.plan();
      await world.work();
      await world.clock.advance(5 * SECOND);
      let passed = 0;
      const slow = gatedDeps(world, async () => {
        passed += 1;
        if (passed === n) await world.watch();
      });
      await world.watch(slow);
      expect(world.telemetry.count('run.ended')).toBe(1);
      expect(world.telemetry.count('snapshot.available')).toBe(1);
      expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
      if (passed < n) {
        expect(n).toBeGreaterThan(8);
        break;
      }
    }
  });
});
