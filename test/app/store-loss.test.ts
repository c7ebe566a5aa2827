import { describe, expect, test } from 'vitest';
import { OwnedSnapshots } from '#app/owned-snapshots';
import { rebuildPolicy } from '#app/rebuild-policy';
import { scheduleKey } from '#domain/schedule/schedule-key';
import { runIdIn } from '#domain/naming/run-id';
import { newRun } from '#domain/run';
import { HOUR, MINUTE, SECOND, addMs, durationMs, isoSeconds } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';

describe('another process of the store, which may have lost the last words', () => {
  test('a run that it says is queued looks first: what was made is taken over, with no second create call', async () => {
    const world = new World();
    const { id: firingId } = await world.plan();
    await world.work();
    expect(world.cloud.creates).toHaveLength(1);

    // The new process has the run as it was before its create call, and its job.
    const runId = runIdIn(firingId, 'vol-1');
    world.ledger.store = 'store-2';
    const stored = await world.ledger.run(runId);
    if (stored === null) throw new Error('the run has no record');
    await world.ledger.saveRun(stored.firing, newRun(runId, { id: 'vol-1', name: 'vol-1', named: false }), stored.revision);
    await world.queue.enqueue(TARGET, [{ runId, at: world.clock.now() }]);
    await world.finish();

    expect(world.cloud.creates).toHaveLength(1);
    expect(await world.runs()).toMatchObject([{ outcome: 'available', adopted: true }]);
  });

  test('a run of the same process does not look', async () => {
    const world = new World();
    await world.plan();
    await world.finish();

    expect(world.cloud.creates).toHaveLength(1);
    expect(await world.runs()).toMatchObject([{ outcome: 'available', adopted: false }]);
  });
});

describe('a record that is lost altogether', () => {
  const often = policyOf('nightly', { schedule: { cron: ['*/5 * * * *'], timezone: 'UTC', spread: durationMs(0), catchUp: 'latest', catchUpWindow: HOUR } });

  async function rebuilt(world: World): Promise<void> {
    const deps = { ...world.deps(), owned: new OwnedSnapshots({ clouds: world.cloud, clock: world.clock }) };
    expect(await rebuildPolicy(deps, world.policy, scheduleKey(world.policy.schedule), world.clock.now(), world.signal)).not.toBeNull();
  }

  async function dues(world: World): Promise<string[]> {
    const firings = await world.ledger.firings('nightly', 100);
    return firings.map(({ due }) => isoSeconds(due)).toReversed();
  }

  test('firings shortly before the newest one are taken up too, as far back as there are snapshots', async () => {
    const world = new World({ policies: [often] });
    for (const due of [DUE, addMs(DUE, 5 * MINUTE)]) {
      await world.plan(due);
      await world.finish(world.deps(), MINUTE);
      await world.clock.advance(addMs(due, 5 * MINUTE) - world.clock.now());
    }
    world.loseStore();
    await rebuilt(world);
    await world.finish();

    expect(await dues(world)).toEqual(['2026-11-24T02:00:00Z', '2026-11-24T02:05:00Z']);
    expect(world.cloud.creates).toHaveLength(2);
    expect((await world.runs()).every(({ outcome, adopted }) => outcome === 'available' && adopted)).toBe(true);
  });

  test('nothing is made up from before the first snapshot', async () => {
    const world = new World({ policies: [often] });
    await world.plan();
    await world.finish(world.deps(), MINUTE);
    world.loseStore();
    await rebuilt(world);
    await world.finish();

    expect(await dues(world)).toEqual(['2026-11-24T02:00:00Z']);
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('the volumes of the newest firing that have no snapshot yet get theirs', async () => {
    const world = new World({ policies: [often], volumes: ['vol-1', 'vol-2', 'vol-3'] });
    await world.plan();
    await world.queue.step(async (runId, signal) => (await import('#app/execute-run')).executeRun(world.deps(), runId, signal));
    expect(world.cloud.creates).toHaveLength(1);
    world.loseStore();
    await rebuilt(world);
    await world.clock.advance(5 * SECOND);
    await world.finish();

    const runs = await world.runs();
    expect(runs.map(({ outcome }) => outcome)).toEqual(['available', 'available', 'available']);
    expect(new Set(world.cloud.creates.map(({ volumeId }) => volumeId)).size).toBe(3);
    expect(world.cloud.creates).toHaveLength(3);
  });
});

test('a new policy whose cloud answers late starts from when it was first seen: its due times meanwhile are not lost', async () => {
  const world = new World({ now: '2026-11-24T01:59:00Z' });
  const deps = world.deps();
  world.cloud.failNext('snapshotPages', answers.unavailable());
  const start = (): Promise<unknown> => rebuildPolicy(deps, world.policy, scheduleKey(world.policy.schedule), world.clock.now(), world.signal);
  await expect(start()).rejects.toThrow('serviceUnavailable');
  await world.clock.advance(2 * MINUTE);

  await start();

  expect((await world.ledger.policyStates(['nightly'])).get('nightly')).toMatchObject({ watermark: Date.parse('2026-11-24T01:59:00Z') });
  expect(world.telemetry.count('state.rebuilt')).toBe(0);
});
