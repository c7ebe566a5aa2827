import { expect, test } from 'vitest';
import { reconcile, runReconciler } from '#app/reconcile';
import { HOUR, MINUTE, SECOND, addMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, TARGET, World } from '../fakes/world.ts';

const volumes = (count: number): string[] => Array.from({ length: count }, (_, n) => `vol-${n + 1}`);

async function lostRuns(world: World, count: number): Promise<string[]> {
  const lost = (await world.runs()).slice(0, count).map(({ id }) => id);
  for (const id of lost) world.queue.lose(id);
  return lost;
}

test('runs that the queue has lost are queued again, and only those', async () => {
  const world = new World({ volumes: volumes(6) });
  await world.plan();
  const lost = await lostRuns(world, 2);
  world.queue.enqueued.length = 0;
  expect(await reconcile(world.deps(), TARGET)).toBe(2);
  expect(world.queue.enqueued).toEqual([2]);
  expect(await world.queue.missing(TARGET, lost)).toEqual([]);
  expect(world.telemetry.of('run.recovered')).toEqual([{ target: TARGET, count: 2 }]);
  expect(await reconcile(world.deps(), TARGET)).toBe(0);
  expect(world.telemetry.count('run.recovered')).toBe(1);
  await world.finish();
  expect((await world.runs()).every(({ outcome }) => outcome === 'available')).toBe(true);
});

test('a run lost in the middle of a create call is looked for, not made twice', async () => {
  const world = new World();
  world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
  await world.plan();
  await world.work();
  await lostRuns(world, 1);
  await world.finish();
  expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true });
  expect(world.cloud.creates).toHaveLength(1);
});

test('what is being made or has ended needs no job', async () => {
  const world = new World({ volumes: volumes(3) });
  world.cloud.scriptCreates({ ends: 'creating' }, { refuse: answers.plain400() });
  await world.plan();
  await world.work();
  expect(world.queue.size).toBe(0);
  expect(await reconcile(world.deps(), TARGET)).toBe(0);
  expect(world.queue.size).toBe(0);
});

test('a firing that is still being planned is left to its planner, another target to its own reconciler', async () => {
  const world = new World({ volumes: volumes(2) });
  world.queue.enqueue = async () => Promise.reject(new Error('killed'));
  await expect(world.plan()).rejects.toThrow('killed');
  Reflect.deleteProperty(world.queue, 'enqueue');
  expect(await world.runs()).toHaveLength(2);
  expect(await reconcile(world.deps(), TARGET)).toBe(0);

  // Also where another firing of the target has lost one.
  await world.plan(addMs(DUE, -HOUR));
  world.queue.lose((await world.runs()).at(-1)?.id ?? '');
  expect(await reconcile(world.deps(), TARGET)).toBe(1);

  await world.plan();
  await lostRuns(world, 2);
  expect(await reconcile(world.deps(), 'other')).toBe(0);
  expect(await reconcile(world.deps(), TARGET)).toBe(2);
});

test('all jobs are gone, as when the queue was emptied', async () => {
  const world = new World({ volumes: volumes(700) });
  await world.plan();
  await world.plan(addMs(DUE, -HOUR));
  await lostRuns(world, 1_400);
  expect(await reconcile(world.deps(), TARGET)).toBe(1_400);
  expect(world.queue.size).toBe(1_400);
});

test('the loop looks every ten seconds, one replica for all, and ends with the signal', async () => {
  const world = new World({ volumes: volumes(2) });
  await world.plan();
  const stop = new AbortController();
  let passes = 0;
  const openFirings = world.ledger.openFirings.bind(world.ledger);
  world.ledger.openFirings = async () => {
    passes += 1;
    return openFirings();
  };
  const loops = ['a', 'b', 'c'].map((replica) => runReconciler({ ...world.deps(), replica }, TARGET, stop.signal));
  const lost = await lostRuns(world, 1);
  await world.clock.advance(10 * SECOND);
  expect(await world.queue.missing(TARGET, lost)).toEqual([]);
  await world.clock.advance(MINUTE);
  expect(passes).toBe(7);
  stop.abort();
  await Promise.all(loops);
  expect(world.clock.sleeping).toBe(0);
});
