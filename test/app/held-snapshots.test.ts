import { expect, test } from 'vitest';
import { answers } from '../fakes/cloud-answers.ts';
import { World } from '../fakes/world.ts';

const hold = { snapkeep_hold: 'true' };

test('a second snapshot of a run that somebody holds is not deleted', async () => {
  const world = new World();
  world.cloud.scriptCreates({ loseAnswer: answers.timeout(), invisibleFor: 31_000 });
  await world.plan();
  await world.work();
  await world.clock.advance(30_500);
  await world.work();
  await world.clock.advance(1_000);
  expect(world.cloud.snapshots().map(({ id }) => id)).toEqual(['snap-1', 'snap-2']);
  await world.cloud.addSnapshotMetadata('snap-2', hold);

  await world.finish();

  expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-1' });
  expect(world.cloud.deleted).toEqual([]);
});

test('a failed snapshot that somebody holds is not deleted, neither where it was waited for nor where it was looked for', async () => {
  for (const script of [{ ends: 'error' }, { ends: 'error', loseAnswer: answers.timeout() }] as const) {
    const world = new World();
    world.cloud.scriptCreates(script);
    await world.plan();
    await world.work();
    await world.cloud.addSnapshotMetadata('snap-1', hold);

    await world.finish();

    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', snapshotId: 'snap-2' });
    expect(world.cloud.deleted).toEqual([]);
  }
});
