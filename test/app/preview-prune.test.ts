import { expect, test } from 'vitest';
import { previewPrune } from '#app/preview-prune';
import type { RetentionRules } from '#domain/policy';
import { DAY, addMs, durationMs } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, World, policyOf } from '../fakes/world.ts';

const none: RetentionRules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, within: durationMs(0), orphans: 'keep' };

/** So many nights of snapshots of vol-1 and vol-2, with a policy that keeps the last two. */
async function nights(count: number, rules: Partial<RetentionRules> = {}): Promise<World> {
  const world = new World({ volumes: ['vol-1', 'vol-2'], policies: [policyOf('nightly', { retention: { ...none, last: 2, ...rules } })] });
  for (let night = 0; night < count; night += 1) {
    const due = addMs(DUE, night * DAY);
    await world.clock.advanceTo(due);
    await world.plan(due);
    await world.finish();
  }
  return world;
}

test('shows what no rule keeps, per volume, and why the rest stays; nothing is deleted', async () => {
  const world = await nights(3);
  const { dryRun, policies } = await previewPrune(world.deps());
  expect(dryRun).toBe(true);
  expect(policies).toHaveLength(1);
  const [nightly] = policies;
  expect(nightly).toMatchObject({ policy: 'nightly', braked: false, failed: [] });
  expect(nightly?.deleted.map(({ volumeId, reasons }) => [volumeId, reasons])).toEqual(expect.arrayContaining([['vol-1', ['no rule keeps it']], ['vol-2', ['no rule keeps it']]]));
  expect(nightly?.deleted).toHaveLength(2);
  expect(nightly?.kept).toHaveLength(4);
  expect(nightly?.kept.every(({ reasons }) => reasons.includes('last'))).toBe(true);
  expect(world.cloud.snapshots()).toHaveLength(6);
  expect(world.cloud.calls('deleteSnapshot')).toBe(0);
});

test('A33 (longhorn/longhorn #2751): a lowered count shows every delete with its reason, and that the brake would hold', async () => {
  const world = await nights(30, { last: 3 });
  const [nightly] = (await previewPrune(world.deps())).policies;
  expect(nightly?.deleted).toHaveLength(2 * 27);
  expect(nightly?.braked).toBe(true);
});

test('the snapshots of a volume that is gone stay, unless the policy expires them', async () => {
  const world = await nights(3);
  world.cloud.volumes.delete('vol-2');
  const [kept] = (await previewPrune(world.deps())).policies;
  expect(kept?.deleted.map(({ volumeId }) => volumeId)).toEqual(['vol-1']);
  expect(kept?.kept.filter(({ reasons }) => reasons.includes('the volume is gone (orphans: keep)'))).toHaveLength(1);
  world.setPolicies(policyOf('nightly', { retention: { ...none, last: 2, orphans: 'expire' } }));
  expect((await previewPrune(world.deps())).policies[0]?.deleted).toHaveLength(2);
});

test('a listing that breaks off decides nothing; only the policy named is looked at', async () => {
  const world = await nights(3);
  world.cloud.failNext('snapshotPages', answers.unavailable());
  await expect(previewPrune(world.deps())).rejects.toMatchObject({ failure: { httpStatus: 503 } });
  expect((await previewPrune(world.deps(), { policy: 'nobody' })).policies).toEqual([]);
});
