import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pruneNow } from '#app/prune/prune-now';
import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Snapshot } from '#domain/snapshot';
import { DAY, addMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { Crash, CrashAt, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { RetainedWorld, mark, night, retaining } from '../fakes/retained-world.ts';
import { TARGET } from '../fakes/world.ts';

const VOLUMES = ['vol-1', 'vol-2'];

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ kind: 'fire' as const }) },
  fc.constant({ kind: 'failing-night' as const }),
  fc.record({ kind: fc.constant('foreign' as const), volume: fc.constantFrom(...VOLUMES), what: fc.constantFrom('manual', 'other-instance', 'other-policy', 'reserved', 'backup', 'half-marked') }),
  fc.record({ kind: fc.constant('hold' as const), index: fc.nat(30) }),
  fc.record({ kind: fc.constant('removed-by-hand' as const), index: fc.nat(30) }),
  fc.record({ kind: fc.constant('rules' as const), last: fc.nat(4), daily: fc.nat(3), weekly: fc.nat(2), orphans: fc.constantFrom('keep' as const, 'expire' as const) }),
  fc.record({ kind: fc.constant('delete-fails' as const), how: fc.constantFrom('unavailable', 'timeout', 'plain400', 'throttled', 'forbidden') }),
  fc.constant({ kind: 'listing-fails' as const }),
  fc.constant({ kind: 'volume-gone' as const }),
  fc.constant({ kind: 'sweep' as const }),
  fc.record({ kind: fc.constant('prune-now' as const), confirm: fc.boolean() }),
  fc.record({ kind: fc.constant('killed' as const), after: fc.nat(30) }),
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function foreign(what: string, volumeId: string, count: number): Pick<Snapshot, 'id' | 'volumeId'> & Partial<Snapshot> {
  const due = night(count);
  const id = `${what}-${volumeId}-${count}`;
  switch (what) {
    case 'other-instance':
      return { id, volumeId, metadata: mark(volumeId, due, 'nightly', 'staging') };
    case 'other-policy':
      return { id, volumeId, metadata: mark(volumeId, due, 'removed-policy') };
    case 'reserved':
      return { id, volumeId, name: `autobk_snapshot_${count}`, metadata: mark(volumeId, due) };
    case 'backup':
      return { id, volumeId, metadata: { ...mark(volumeId, due), __system__enableActive: 'true' } };
    case 'half-marked':
      return { id, volumeId, name: 'nightly-vol-1-2026', metadata: { snapkeep_instance: 'prod', snapkeep_policy: 'nightly' } };
    default:
      return { id, volumeId };
  }
}

async function take(it: RetainedWorld, action: Step, count: number): Promise<void> {
  const ours = (): Snapshot[] => it.cloud.snapshots().filter(({ metadata }) => ownershipOf(metadata)?.policy === 'nightly');
  switch (action.kind) {
    case 'fire':
      return it.fire(count);
    case 'failing-night':
      it.cloud.scriptCreates(...VOLUMES.map(() => ({ refuse: answers.plain400() })));
      return it.fire(count);
    case 'foreign':
      return it.cloud.addSnapshot(foreign(action.what, action.volume, count));
    case 'hold': {
      const held = ours()[action.index];
      if (held !== undefined) await it.cloud.addSnapshotMetadata(held.id, { snapkeep_hold: 'true' });
      return;
    }
    case 'removed-by-hand': {
      const removed = ours()[action.index];
      if (removed !== undefined) it.cloud.removeSnapshot(removed.id);
      return;
    }
    case 'rules': {
      const { last, daily, weekly, orphans } = action;
      return it.setPolicies(retaining({ last, daily, weekly, orphans }, { revision: `r${count}` }));
    }
    case 'delete-fails':
      return it.cloud.failNext('deleteSnapshot', answers[action.how as 'unavailable'](), answers[action.how as 'unavailable']());
    case 'listing-fails':
      return it.cloud.failNext('snapshotPages', answers.unavailable());
    case 'volume-gone':
      return void it.cloud.volumes.delete('vol-2');
    case 'sweep':
      return it.sweep();
    case 'prune-now':
      return void (await pruneNow(it.deps(), { confirm: action.confirm }, it.signal));
    case 'killed':
      return it.prune(gatedDeps(it, new CrashAt(action.after).gate));
  }
}

describe('whatever happens', () => {
  test('nothing foreign or held is deleted, nor the newest good snapshot of a volume; and deletes are told as they are', async () => {
    let deletes = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 8, maxLength: 25 }), async (steps) => {
        const it = new RetainedWorld({ policies: [retaining({ last: 2 })], volumes: VOLUMES });
        it.cloud.beforeCall = async (operation, subject) => {
          if (operation !== 'deleteSnapshot') return;
          deletes += 1;
          const snapshot = it.cloud.snapshots().find(({ id }) => id === subject);
          if (snapshot === undefined) return;
          expect(ownershipOf(snapshot.metadata)).toMatchObject({ instance: 'prod', policy: 'nightly' });
          expect(snapshot.metadata).not.toHaveProperty('snapkeep_hold');
          expect(snapshot.metadata).not.toHaveProperty('__system__enableActive');
          expect(snapshot.name).not.toMatch(/^autobk_/);
          const newer = it.cloud.snapshots().filter(({ volumeId, status, metadata }) => volumeId === snapshot.volumeId && status === 'available' && String(metadata['snapkeep_due']) > String(snapshot.metadata['snapkeep_due']));
          if (snapshot.status === 'available') expect(newer.filter(({ metadata }) => ownershipOf(metadata)?.policy === 'nightly')).not.toEqual([]);
        };
        for (const [count, action] of steps.entries()) {
          await it.clock.advanceTo(Math.max(it.clock.now(), addMs(night(count), DAY / 4)));
          await take(it, action, count).catch((error: unknown) => {
            if (!(error instanceof Crash) && (error as Error).name !== 'CloudFailure') throw error;
          });
          if (action.kind === 'fire') await it.prune().catch(() => undefined);
          it.cloud.answerAgain();
        }
        await it.confirm();
        expect(await it.book.pending(TARGET)).toEqual([]);
        const told = it.telemetry.of('prune.deleted').map(({ snapshotId }) => snapshotId);
        expect(new Set(told).size).toBe(told.length);
        for (const id of told) expect(it.cloud.snapshots().some((snapshot) => snapshot.id === id)).toBe(false);
      }),
      { numRuns: 300 },
    );
    expect(deletes).toBeGreaterThan(300);
  });

  test('killed at any call of a prune, the next process comes to the same end, and tells each delete once', async () => {
    const start = async (): Promise<RetainedWorld> => {
      const it = new RetainedWorld({ policies: [retaining({ last: 1 })], volumes: VOLUMES });
      it.cloud.deletionMs = 3_000;
      for (const count of [0, 1]) await it.fire(count);
      return it;
    };
    let kills = 0;
    for (let limit = 0; ; limit += 1) {
      const it = await start();
      const killed = await crashes(() => it.prune(gatedDeps(it, new CrashAt(limit).gate)));
      if (killed) kills += 1;
      await it.confirm();
      await it.sweep();
      expect([it.left('vol-1'), it.left('vol-2')]).toEqual([['1'], ['1']]);
      expect(it.telemetry.count('prune.failed')).toBe(0);
      expect(it.telemetry.of('prune.deleted').length).toBeLessThanOrEqual(2);
      if (!killed) break;
    }
    expect(kills).toBeGreaterThan(25);
  });
});
