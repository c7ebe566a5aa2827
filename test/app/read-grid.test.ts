import { describe, expect, test } from 'vitest';
import { GridReader } from '#app/read-grid';
import type { GridQuery } from '#app/read-grid';
import type { GridView } from '#app/views/grid-view';
import { ended } from '#domain/run';
import type { EndedOutcome } from '#domain/run';
import { HOUR, addMs } from '#domain/time';
import type { Instant } from '#domain/time';
import { DUE, World } from '../fakes/world.ts';

const query: GridQuery = { firings: 30, search: '', limit: 50, after: 0 };

/** Ends the run of each volume as told; without a word it is left pending. */
async function fire(world: World, due: Instant, outcomes: Readonly<Record<string, EndedOutcome>>): Promise<void> {
  const firing = await world.plan(due);
  for await (const page of world.ledger.runsOfFiring(firing.id)) {
    for (const { run, revision } of page) {
      const outcome = outcomes[run.volumeId];
      if (outcome === undefined) continue;
      await world.ledger.endRun(firing, { ...ended(run, outcome, world.clock.now(), null), outcome }, revision);
      if (outcome === 'available') await world.ledger.markGood(firing.policy, run.volumeId, due);
    }
  }
}

function letters(grid: GridView): string[] {
  return grid.volumes.map(({ id, cells }) => `${id} ${cells.map((cell) => cell?.outcome[0] ?? '-').join('')}`);
}

describe('the grid', () => {
  test('has a row for each volume, the newest firing first, and none where a firing did not know the volume', async () => {
    const world = new World({ volumes: ['a', 'b'] });
    await fire(world, DUE, { a: 'available', b: 'failed' });
    world.cloud.addVolume('c');
    await fire(world, addMs(DUE, HOUR), { a: 'available', b: 'available' });
    const grid = await new GridReader(world.ledger).read(world.policy, query);
    expect(letters(grid)).toEqual(['b af', 'c p-', 'a aa']);
    expect(grid).toMatchObject({ policy: 'nightly', total: 3, matched: 3, next: null, firings: [{ due: '2026-11-24T03:00:00Z', finishedAt: null }, { due: '2026-11-24T02:00:00Z' }] });
    const [cell] = grid.volumes[0]?.cells ?? [];
    expect((await world.ledger.run(cell?.run ?? ''))?.run.volumeId).toBe('b');
  });

  test('the worst come first: overdue by their lag, then by outcome, then by name', async () => {
    const world = new World({ volumes: ['ok-2', 'ok-1', 'skipped', 'failed', 'abandoned', 'recent', 'older'] });
    await fire(world, DUE, { older: 'available' });
    const later = addMs(DUE, 30 * HOUR);
    await world.clock.advanceTo(later);
    await fire(world, later, { 'ok-1': 'available', 'ok-2': 'available', skipped: 'skipped', failed: 'failed', abandoned: 'abandoned', recent: 'available', older: 'failed' });
    for (const volume of ['skipped', 'failed', 'abandoned']) await world.ledger.markGood('nightly', volume, addMs(later, -HOUR));
    const grid = await new GridReader(world.ledger).read(world.policy, query);
    expect(grid.volumes.map(({ id }) => id)).toEqual(['older', 'abandoned', 'failed', 'skipped', 'ok-1', 'ok-2', 'recent']);
    expect(grid.volumes.filter(({ overdue }) => overdue).map(({ id }) => id)).toEqual(['older']);
  });

  test('pages over the volumes, each once', async () => {
    const volumes = Array.from({ length: 7 }, (_, n) => `v${n}`);
    const world = new World({ volumes });
    await fire(world, DUE, {});
    const reader = new GridReader(world.ledger);
    const pages = [await reader.read(world.policy, { ...query, limit: 3 })];
    while (pages.at(-1)?.next !== null) pages.push(await reader.read(world.policy, { ...query, limit: 3, after: Number(pages.at(-1)?.next) }));
    expect(pages.map((page) => page.volumes.map(({ id }) => id))).toEqual([['v0', 'v1', 'v2'], ['v3', 'v4', 'v5'], ['v6']]);
    expect(pages[2]).toMatchObject({ total: 7, matched: 7 });
  });

  test('finds part of an id in any case', async () => {
    const world = new World({ volumes: ['db-1', 'web-1', 'DB-2'] });
    await fire(world, DUE, {});
    const grid = await new GridReader(world.ledger).read(world.policy, { ...query, search: 'dB' });
    expect(grid.volumes.map(({ id }) => id)).toEqual(['DB-2', 'db-1']);
    expect(grid).toMatchObject({ total: 3, matched: 2 });
  });

  test('a policy that never fired has an empty one', async () => {
    const world = new World();
    expect(await new GridReader(world.ledger).read(world.policy, query)).toEqual({ policy: 'nightly', firings: [], volumes: [], total: 0, matched: 0, next: null });
  });
});
