import { describe, expect, test } from 'vitest';
import { executeRun } from '#app/execute-run';
import { firingIdOf } from '#domain/naming/run-id';
import { HOUR, MINUTE, SECOND, durationMs } from '#domain/time';
import { answers, evsError, refused } from '../fakes/cloud-answers.ts';
import { gatedDeps } from '../fakes/gated-ports.ts';
import { DUE, World, policyOf } from '../fakes/world.ts';

/** The points at which a worker stands on its way through one run. */
async function pointsOfARun(): Promise<string[]> {
  const world = new World();
  await world.plan();
  const points: string[] = [];
  await executeRun(gatedDeps(world, async (point) => void points.push(point)), (await world.onlyRun()).id, world.signal);
  return points;
}

describe('A14: a worker stands still past its lock, a second one gets the run', () => {
  test('wherever it stood: the late one neither creates, deletes nor overwrites', async () => {
    const points = await pointsOfARun();
    expect(points).toContain('after cloud.createSnapshot');
    // Its own call on its way for longer than the grace is what no client can take back: crash-points.test.ts has that one.
    for (const [n, point] of points.entries()) {
      if (point === 'sending cloud.createSnapshot') continue;
      const world = new World();
      await world.plan();
      const { id } = await world.onlyRun();
      let passed = 0;
      let left: unknown = null;
      const calls = (): number[] => [world.cloud.creates.length, world.cloud.deleted.length, world.telemetry.count('run.ended')];
      const slow = gatedDeps(world, async () => {
        passed += 1;
        if (passed !== n + 1) return;
        await world.clock.advance(MINUTE);
        world.queue.takeOver();
        await world.finish();
        left = { run: await world.onlyRun(), calls: calls() };
      });
      await world.queue.step((runId, signal) => executeRun(slow, runId, signal));

      expect(left, point).toMatchObject({ run: { outcome: 'available', snapshotId: 'snap-1' }, calls: [1, 0, 1] });
      expect({ run: await world.onlyRun(), calls: calls() }, point).toEqual(left);
      await world.finish();
      expect({ run: await world.onlyRun(), calls: calls() }, point).toEqual(left);
      expect(id, point).toBe((await world.onlyRun()).id);
      expect(world.cloud.snapshots(), point).toHaveLength(1);
    }
  });
});

describe('A15: told to stop in the middle of a run', () => {
  test('before, while sending and after the create call, and at every other call: handed back, one snapshot, none lost', async () => {
    const points = await pointsOfARun();
    for (const wanted of ['before cloud.createSnapshot', 'sending cloud.createSnapshot', 'after cloud.createSnapshot']) expect(points).toContain(wanted);
    let cutOff = 0;
    for (const [n, point] of points.entries()) {
      const world = new World();
      await world.plan();
      const stop = new AbortController();
      let passed = 0;
      const stopping = gatedDeps(world, async () => {
        passed += 1;
        if (passed === n + 1) stop.abort(new Error('shutdown'));
      });
      const { id } = await world.onlyRun();
      // As the BullMQ worker does it: what throws because of the signal goes back to the queue.
      await world.queue.step(async (runId, signal) => {
        try {
          return await executeRun(stopping, runId, signal);
        } catch (error) {
          if (!stop.signal.aborted) throw error;
          cutOff += 1;
          return { kind: 'again', at: world.clock.now() };
        }
      }, stop.signal);
      expect(stop.signal.aborted, point).toBe(true);

      await world.finish();

      expect(await world.onlyRun(), point).toMatchObject({ id, outcome: 'available', snapshotId: 'snap-1' });
      // One cut off on its way made nothing: the next worker has looked for it before it asked again.
      expect(world.cloud.creates, point).toHaveLength(point === 'sending cloud.createSnapshot' ? 2 : 1);
      expect(world.cloud.snapshots(), point).toHaveLength(1);
      expect(await world.queue.depth('eu-prod'), point).toEqual({ waiting: 0, delayed: 0, active: 0 });
    }
    expect(cutOff).toBeGreaterThan(3);
  });

  test('during the create call, and the cloud makes the snapshot all the same: found and adopted, not made again', async () => {
    const world = new World();
    await world.plan();
    const stop = new AbortController();
    const cutOff = gatedDeps(world, async (point) => {
      if (point !== 'after cloud.createSnapshot') return;
      stop.abort(new Error('shutdown'));
      stop.signal.throwIfAborted();
    });
    await expect(executeRun(cutOff, (await world.onlyRun()).id, stop.signal)).rejects.toThrow('shutdown');
    expect(await world.onlyRun()).toMatchObject({ outcome: 'pending', phase: 'requesting', snapshotId: null });
    expect(world.cloud.snapshots()).toHaveLength(1);

    await world.finish();

    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1', adopted: true });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.queue.size).toBe(0);
  });

  test('about to throw: nothing is stuck, the reconciler brings it back', async () => {
    const world = new World();
    await world.plan();
    const stop = new AbortController();
    await expect(world.queue.step(() => {
      stop.abort(new Error('shutdown'));
      throw new Error('a bug');
    }, stop.signal)).rejects.toThrow('a bug');
    expect(world.queue.size).toBe(0);
    await world.clock.advance(MINUTE);
    await world.finish();
    await world.clock.advance(MINUTE);
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', tries: 1 });
    expect(world.cloud.snapshots()).toHaveLength(1);
  });
});

describe('A20: a snapshot is `creating` for 40 minutes', () => {
  test('within the deadline: one create call, polled on, nothing deleted, available', async () => {
    const world = new World();
    world.cloud.creationMs = 40 * MINUTE;
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1', tries: 1 });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.cloud.deleted).toEqual([]);
    expect(['run.failed', 'run.abandoned', 'snapshot.failed', 'run.retry'].filter((name) => world.telemetry.names().some((told) => told === name))).toEqual([]);
  });

  test('beyond the deadline: abandoned then and not before, never made again, available in the end', async () => {
    const world = new World({ policies: [policyOf('nightly', { retry: { deadline: durationMs(30 * MINUTE) } })] });
    world.cloud.creationMs = 40 * MINUTE;
    await world.plan();
    await world.finish(world.deps(), 30 * MINUTE);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'pending', phase: 'creating' });
    await world.finish(world.deps(), MINUTE);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'abandoned', phase: 'creating', snapshotId: 'snap-1' });
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1', tries: 1 });
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.cloud.deleted).toEqual([]);
    expect(world.telemetry.count('run.abandoned')).toBe(1);
    expect(world.telemetry.count('run.failed')).toBe(0);
  });
});

describe('A21: two policies on one volume at the same minute', () => {
  const busy = () => refused(400, evsError('EVS.5400', 'a snapshot of this volume is being created'));

  async function bothDue(): Promise<World> {
    const world = new World({ policies: [policyOf('nightly'), policyOf('hourly')] });
    world.cloud.creationMs = 90 * SECOND;
    for (const policy of world.policies.current().policies) await world.plan(DUE, policy);
    return world;
  }

  function expectBothGood(world: World, creates: number): void {
    const made = world.cloud.snapshots();
    expect(made.map(({ status, metadata }) => `${status} ${metadata['snapkeep_policy']}`).toSorted()).toEqual(['available hourly', 'available nightly']);
    const [first, second] = made.map(({ createdAt }) => createdAt ?? 0);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(90 * SECOND);
    expect(world.cloud.creates).toHaveLength(creates);
    expect(world.telemetry.count('run.failed')).toBe(0);
  }

  test('they are made one after the other', async () => {
    const world = await bothDue();
    await world.finish();
    expectBothGood(world, 2);
    expect((await world.runs()).map(({ outcome, tries }) => `${outcome} ${tries}`)).toEqual(['available 1', 'available 1']);
  });

  test.each([
    ['400 "a snapshot of this volume is being created"', busy, 'conflict', 400],
    ['429 with 600 s', () => answers.throttled('600'), 'throttled', 429],
  ])('the second is refused with %s: it waits, then succeeds, and nobody is told of a failure', async (_, refusal, kind, httpStatus) => {
    const failure = refusal();
    expect(failure.failure.kind).toBe(kind);
    const world = await bothDue();
    world.cloud.scriptCreates({}, { refuse: failure });
    await world.finish();
    expectBothGood(world, 3);
    const runs = await world.runs();
    expect(runs.map(({ outcome }) => outcome)).toEqual(['available', 'available']);
    expect(runs.flatMap(({ attempts }) => attempts).filter((attempt) => attempt.httpStatus === httpStatus)).toHaveLength(1);
    if (httpStatus === 429) expect(world.clock.now() - DUE).toBeGreaterThanOrEqual(600 * SECOND);
  });
});

describe('A28: a snapshot ends in `error`', () => {
  test('it does not count as good: deleted, and a new one is made within the window', async () => {
    const world = new World();
    world.cloud.scriptCreates({ ends: 'error' });
    await world.plan();
    await world.work();
    await world.clock.advance(5 * SECOND);
    await world.watch();
    expect(world.cloud.deleted).toEqual(['snap-1']);
    expect((await world.ledger.protections('nightly')).filter(({ lastGoodAt }) => lastGoodAt !== null)).toEqual([]);
    expect(await world.ledger.firing(firingIdOf('prod', 'nightly', DUE))).toMatchObject({ counts: { available: 0, pending: 1 }, finishedAt: null });

    await world.finish();
    const run = await world.onlyRun();
    expect(run).toMatchObject({ outcome: 'available', snapshotId: 'snap-2', tries: 2 });
    expect(run.attempts.map(({ result }) => result)).toEqual(['accepted', 'error', 'accepted']);
    expect(world.cloud.snapshots().map(({ id, status }) => `${id} ${status}`)).toEqual(['snap-2 available']);
    expect((world.cloud.snapshots()[0]?.createdAt ?? 0) - DUE).toBeLessThan(4 * HOUR);
    expect((await world.ledger.protections('nightly'))[0]?.lastGoodAt).toBe(world.cloud.snapshots()[0]?.createdAt);
  });

  test('all of its tries do: failed, none left, no good one', async () => {
    const world = new World();
    world.cloud.scriptCreates({ ends: 'error' }, { ends: 'error' }, { ends: 'error' });
    await world.plan();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed', tries: 3, failure: { code: 'snapshot_error' } });
    expect(world.cloud.snapshots()).toEqual([]);
    expect((await world.ledger.protections('nightly')).filter(({ lastGoodAt }) => lastGoodAt !== null)).toEqual([]);
    expect(world.telemetry.count('run.failed')).toBe(1);
    // The next due time is tried anew.
    await world.clock.advance(24 * HOUR);
    await world.plan(world.clock.now());
    await world.finish();
    expect((await world.runs())[0]).toMatchObject({ outcome: 'available' });
  });
});
