import { describe, expect, test } from 'vitest';
import { findRestorable } from '#app/find-restorable';
import { ActionRefused } from '#app/ports/actions';
import { restoreVolume } from '#app/restore-volume';
import { restoredName } from '#domain/restore';
import type { Volume } from '#domain/volume';
import { DAY, HOUR, MINUTE, addMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, TARGET, World, at } from '../fakes/world.ts';

async function nights(count: number): Promise<World> {
  const world = new World({ volumes: ['vol-1', 'vol-2'] });
  for (let night = 0; night < count; night += 1) {
    await world.clock.advanceTo(addMs(DUE, night * DAY));
    await world.plan(addMs(DUE, night * DAY));
    await world.finish();
  }
  return world;
}

/** Restores a snapshot while the clock goes on. */
async function restore(world: World, snapshotId = 'snap-1'): Promise<{ volume: Volume; madeIds: string[] }> {
  const { signal } = world;
  const found = await findRestorable(world.deps(), { snapshotId, target: null }, signal);
  const madeIds: string[] = [];
  const order = { ...found, name: restoredName(found.snapshot), volumeType: null, restoreId: 'command-1', onMade: ({ id }: Volume) => void madeIds.push(id) };
  const restored = restoreVolume(world.deps(), order, signal);
  const ended = restored.then(() => true, () => true);
  for (let step = 0; step < 1_000; step += 1) {
    await world.clock.advance(1_000);
    if (await Promise.race([ended, Promise.resolve(false)])) break;
  }
  return { volume: await restored, madeIds };
}

describe('a volume is made of a snapshot', () => {
  test('with its size, in the zone of its source, marked, and waited for', async () => {
    const world = await nights(1);
    world.cloud.addVolume('vol-1', { availabilityZone: 'eu-west-101a', sizeGb: 10 });
    const before = [...world.cloud.volumes.keys()];
    const { volume, madeIds } = await restore(world);
    expect(world.cloud.restores).toEqual([{ snapshotId: 'snap-1', name: 'restored-nightly-vol-1-20261124T020000Z', volumeType: null, sizeGb: 10, availabilityZone: 'eu-west-101a', metadata: { snapkeep_restore: 'command-1' } }]);
    expect(volume).toMatchObject({ id: 'restored-1', status: 'available' });
    expect(madeIds).toEqual(['restored-1']);
    expect([...world.cloud.volumes.keys()]).toEqual([...before, 'restored-1']);
  });

  test('also where its source is gone', async () => {
    const world = await nights(1);
    world.cloud.volumes.delete('vol-1');
    expect((await restore(world)).volume.status).toBe('available');
    expect(world.cloud.restores).toMatchObject([{ availabilityZone: null }]);
  });

  test.each([
    ['timeout', answers.timeout()],
    ['504', answers.gatewayTimeout()],
    ['reset', answers.reset()],
  ])('a lost answer (%s) makes no second one, also where the volume is late to show', async (_, loseAnswer) => {
    const world = await nights(1);
    world.cloud.scriptRestores({ loseAnswer, invisibleFor: 20_000 });
    expect((await restore(world)).volume).toMatchObject({ id: 'restored-1', status: 'available' });
    expect(world.cloud.restores).toHaveLength(1);
  });

  test('a call that made nothing is repeated, not before the grace period', async () => {
    const world = await nights(1);
    world.cloud.scriptRestores({ refuse: answers.unavailable() }, { refuse: answers.throttled('45') });
    const startedAt = world.clock.now();
    expect((await restore(world)).volume.id).toBe('restored-3');
    expect(world.clock.now() - startedAt).toBeGreaterThan(75_000);
  });

  test('where the cloud does not list the volumes after a lost answer, nothing is asked for again', async () => {
    const world = await nights(1);
    world.cloud.scriptRestores({ loseAnswer: answers.timeout() });
    world.cloud.failNext('volumePages', answers.unavailable(), answers.unavailable());
    await expect(restore(world)).rejects.toMatchObject({ failure: { code: 'timeout', outcomeUnknown: true } });
    expect(world.cloud.restores).toHaveLength(1);
  });

  test('a refusal is not repeated; an end in error is told as it is; looks may fail in between', async () => {
    const world = await nights(1);
    world.cloud.scriptRestores({ refuse: answers.quota() }, { ends: 'error' });
    await expect(restore(world)).rejects.toMatchObject({ failure: { kind: 'quota' } });
    expect(world.cloud.restores).toHaveLength(1);
    world.cloud.creationMs = 10_000;
    const failing = [answers.unavailable(), answers.reset()];
    world.cloud.beforeCall = async (operation, id) => {
      const failure = operation === 'showVolume' && id.startsWith('restored') ? failing.shift() : undefined;
      if (failure !== undefined) throw failure;
    };
    expect((await restore(world)).volume.status).toBe('error');
    expect(failing).toEqual([]);
  });

  test('a volume that is deleted meanwhile ends the wait', async () => {
    const world = await nights(1);
    world.cloud.beforeCall = async (operation) => {
      if (operation === 'createVolume') world.cloud.creationMs = HOUR;
      if (operation === 'showVolume' && world.clock.now() > addMs(DUE, 10 * MINUTE)) world.cloud.volumes.delete('restored-1');
    };
    await expect(restore(world)).rejects.toMatchObject({ failure: { kind: 'not_found' } });
  });
});

describe('which snapshot', () => {
  const byInstant = async (world: World, iso: string, volume = 'vol-1'): Promise<string | undefined> =>
    (await findRestorable(world.deps(), { policy: 'nightly', volume, at: at(iso) }, world.signal)).snapshot.metadata['snapkeep_due'];

  test('the newest good one due at or before the instant', async () => {
    const world = await nights(3);
    expect(await byInstant(world, '2026-11-25T02:00:00Z')).toBe('2026-11-25T02:00:00Z');
    expect(await byInstant(world, '2026-11-26T01:59:59Z')).toBe('2026-11-25T02:00:00Z');
    expect(await byInstant(world, '2027-01-01T00:00:00Z', 'vol-2')).toBe('2026-11-26T02:00:00Z');
    await expect(byInstant(world, '2026-11-24T01:59:59Z')).rejects.toThrow('volume vol-1 has no good snapshot of policy nightly due at or before 2026-11-24T01:59:59Z');
  });

  test('one that is no good, of another policy or of another instance is passed over', async () => {
    const world = await nights(1);
    await world.clock.advanceTo(addMs(DUE, DAY));
    world.cloud.scriptCreates({ ends: 'error' });
    const mark = { snapkeep_due: '2026-11-25T02:00:00Z', snapkeep_run: `r${'0'.repeat(32)}` };
    const make = async (metadata: Record<string, string>): Promise<unknown> => world.cloud.createSnapshot({ volumeId: 'vol-1', name: 'x', description: null, force: true, metadata });
    await make({ snapkeep_instance: 'prod', snapkeep_policy: 'nightly', ...mark });
    await make({ snapkeep_instance: 'prod', snapkeep_policy: 'other', ...mark });
    await make({ snapkeep_instance: 'test', snapkeep_policy: 'nightly', ...mark });
    await make({});
    await world.clock.advance(HOUR);
    expect(await byInstant(world, '2026-12-01T00:00:00Z')).toBe('2026-11-24T02:00:00Z');
  });

  test('a volume by its name, where one alone bears it', async () => {
    const world = await nights(1);
    world.cloud.addVolume('other', { name: 'vol-1' });
    await expect(byInstant(world, '2026-12-01T00:00:00Z')).rejects.toThrow('2 volumes are called vol-1: name one by its id: vol-1, other');
    await expect(byInstant(world, '2026-12-01T00:00:00Z', 'nobody')).rejects.toThrow('no volume is called nobody; name one that is gone by its id');
  });

  test('by its id in any target; one that is not there, not finished, or not known for sure', async () => {
    const world = await nights(1);
    const find = async (snapshotId: string): Promise<unknown> => findRestorable(world.deps(), { snapshotId, target: null }, world.signal);
    expect(await find('snap-2')).toMatchObject({ target: TARGET, snapshot: { id: 'snap-2' } });
    await expect(find('snap-9')).rejects.toThrow(new ActionRefused('no snapshot has the id snap-9 in eu-prod'));
    const { snapshot } = await world.cloud.createSnapshot({ volumeId: 'vol-1', name: 'x', description: null, force: true, metadata: {} });
    await expect(find(snapshot.id)).rejects.toThrow('only an available one can be restored');
    world.cloud.failNext('showSnapshot', answers.unavailable());
    await expect(find('snap-9')).rejects.toMatchObject({ failure: { httpStatus: 503 } });
  });
});

test.each([
  [{ id: 'a1', name: 'nightly-db' }, 'restored-nightly-db'],
  [{ id: 'a1', name: null }, 'restored-a1'],
  [{ id: 'a1', name: 'x'.repeat(64) }, `restored-${'x'.repeat(55)}`],
])('%j is restored as %s', (snapshot, name) => {
  expect(restoredName(snapshot)).toBe(name);
});
