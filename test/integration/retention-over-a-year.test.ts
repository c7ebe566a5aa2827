import { expect, test } from 'vitest';
import type { Clouds } from '#app/ports/clouds';
import { ownershipOf } from '#domain/naming/owned-metadata';
import { DAY, HOUR } from '#domain/time';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { openClient } from '../conformance/our-client.ts';
import { FakePruneBook } from '../fakes/fake-prune-book.ts';
import { RetainedWorld, night, retaining } from '../fakes/retained-world.ts';
import type { WorldDeps } from '../fakes/world.ts';

const NIGHTS = 400;
const CAP = 7;
const VOLUMES = [{ name: 'vol-a' }, { name: 'vol-b' }];

/** A world whose cloud is another one than the fake. */
class SimulatedWorld extends RetainedWorld {
  clouds: Clouds = this.cloud;

  override deps(wrapped: Parameters<RetainedWorld['deps']>[0] = {}): WorldDeps {
    return super.deps({ clouds: this.clouds, ...wrapped });
  }
}

test('400 due times on a cloud that takes 7 snapshots a volume: never over the cap, never without the last good one, nothing foreign touched', async () => {
  const it = new SimulatedWorld({ policies: [retaining({ last: 2, daily: 3, weekly: 3 })], volumes: [] });
  await using simulator = await startSimulator({ clock: it.clock, volumes: VOLUMES, snapshotsPerVolume: CAP, creation: { minMs: 2_000, maxMs: 9_000 }, deletion: { minMs: 1_000, maxMs: 5_000 }, tokenLifeMs: 3_650 * DAY });
  const { user: username, password, domain } = simulator.credentials;
  const { evsEndpoint: endpoint, identityEndpoint, projectId } = simulator;
  await using client = openClient({ kind: 'simulatedEvs', endpoint, identityEndpoint, projectId, credentials: { username, password, domain } });
  it.clouds = { of: () => client.cloud };
  const [volumeA] = simulator.volumes();
  if (volumeA === undefined) throw new Error('the simulated cloud has no volume');
  // One that somebody made by hand takes a place of vol-a.
  const { snapshot: foreign } = await client.cloud.createSnapshot({ volumeId: volumeA.id, name: 'manual-before-upgrade', description: null, force: true, metadata: {} });
  let refusedNights = 0;

  for (let count = 0; count < NIGHTS; count += 1) {
    // Every so often the cloud refuses a create, fails to make a snapshot, or refuses to delete one.
    if (count % 17 === 5) simulator.faults.add({ operation: 'create', volume: 'vol-b', times: 1, effect: { kind: 'code', code: 'EVS.1012' } });
    if (count % 13 === 3) simulator.faults.add({ operation: 'create', volume: 'vol-a', times: 1, effect: { kind: 'snapshot-error' } });
    if (count % 11 === 7 && count % 9 > 0 && count % 9 < 8) simulator.faults.add({ operation: 'delete', times: 1, effect: { kind: 'code', code: 'EVS.1047' } });
    // Redis is lost with all that was noted.
    if (count % 50 === 30) it.book = new FakePruneBook();
    await it.fire(count);
    // Every ninth night nobody prunes: the next run has to make room.
    if (count % 9 !== 8) await it.prune();
    if (count % 24 === 0) await it.sweep();
    if (count % 17 === 5) refusedNights += 1;
    expect(it.telemetry.count('prune.braked')).toBe(0);

    for (const { id, name } of simulator.volumes()) {
      const there = simulator.snapshots({ volumeId: id });
      expect(there.length, `night ${count}`).toBeLessThanOrEqual(CAP);
      const newest = there.filter(({ status }) => status === 'available').map(({ metadata }) => Date.parse(metadata['snapkeep_due'] ?? '')).filter(Number.isFinite).toSorted((a, b) => b - a)[0];
      const expected = name === 'vol-b' && count % 17 === 5 ? night(count - 1) : night(count);
      expect(newest, `${name} in night ${count}`).toBe(expected);
    }
  }

  const runs = await it.runs();
  expect(runs.filter(({ outcome }) => outcome === 'available')).toHaveLength(2 * NIGHTS - refusedNights);
  expect(runs.filter(({ outcome }) => outcome === 'failed')).toHaveLength(refusedNights);
  await it.clock.advance(HOUR);
  await it.sweep();
  // Room was made at the cap after nights in which nobody pruned.
  expect(it.telemetry.of('run.retry').filter(({ kind }) => kind === 'quota').length).toBeGreaterThan(20);
  const deleted = simulator.ledger.effects({ kind: 'snapshot-deleted' });
  expect(deleted.length).toBeGreaterThan(700);
  for (const { metadata, name } of deleted) expect(ownershipOf(metadata), String(name)).toMatchObject({ instance: 'prod', policy: 'nightly' });
  expect(simulator.snapshots().map(({ id }) => id)).toContain(foreign.id);
  // What is told is what happened: nothing is called deleted that is there, and nothing vanished untold but failed ones.
  const told = new Set(it.telemetry.of('prune.deleted').map(({ snapshotId }) => snapshotId));
  expect(simulator.snapshots().filter(({ id }) => told.has(id))).toEqual([]);
  expect(it.telemetry.of('prune.failed').every(({ errorCode }) => errorCode === 'EVS.1047')).toBe(true);
}, 120_000);
