import { describe, expect, test } from 'vitest';
import { readPlan } from '#app/plan-preview';
import type { PlanQuery } from '#app/plan-preview';
import type { PlanView } from '#app/views/plan-view';
import { spreadOffset } from '#domain/naming/spread';
import type { RetentionRules } from '#domain/policy';
import { DAY, HOUR, MINUTE, addMs, durationMs, instant, isoInstant, isoSeconds } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, World, policyOf } from '../fakes/world.ts';

const none: RetentionRules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, within: durationMs(0), orphans: 'keep' };
const week = durationMs(7 * DAY);

async function planOf(world: World, query: Partial<PlanQuery> = {}, offline = false): Promise<PlanView> {
  const { policies, ledger, book, clouds } = world.deps();
  return readPlan({ policies, ledger, book, clouds: offline ? null : clouds }, { from: null, horizon: week, policy: null, ...query });
}

async function nights(world: World, count: number): Promise<void> {
  for (let night = 0; night < count; night += 1) {
    const due = addMs(DUE, night * DAY);
    await world.clock.advanceTo(due);
    await world.plan(due);
    await world.finish();
  }
}

describe('due times', () => {
  test('all in [from, to), by time, in UTC and on the clock of the zone', async () => {
    const world = new World({ policies: [policyOf('paulista', { schedule: { timezone: 'America/Sao_Paulo' } }), policyOf('nightly')] });
    const plan = await planOf(world, { from: DUE, horizon: durationMs(DAY) });
    expect(plan).toMatchObject({ from: '2026-11-24T02:00:00Z', to: '2026-11-25T02:00:00Z' });
    expect(plan.dueTimes).toEqual([
      { policy: 'nightly', due: '2026-11-24T02:00:00Z', local: '2026-11-24T02:00:00+00:00', note: null },
      { policy: 'paulista', due: '2026-11-24T05:00:00Z', local: '2026-11-24T02:00:00-03:00', note: null },
    ]);
  });

  test('from now on where nothing is said; the next one also beyond the horizon', async () => {
    const world = new World({ now: '2026-11-24T02:00:00.500Z', policies: [policyOf('yearly', { schedule: { cron: ['0 0 1 1 *'] } })] });
    const plan = await planOf(world);
    expect(plan).toMatchObject({ from: '2026-11-24T02:00:00Z', dueTimes: [] });
    expect(plan.policies[0]).toMatchObject({ nextDue: '2027-01-01T00:00:00Z' });
    expect(plan.policies[0]?.volumes[0]).toMatchObject({ snapshotName: 'yearly-vol-1-20270101T000000Z', startsAt: '2027-01-01T00:00:00Z' });
  });

  test('a paused policy has none, whether its file or a command paused it', async () => {
    const world = new World({ policies: [policyOf('by-file', { paused: true }), policyOf('by-command'), policyOf('fires')] });
    await world.ledger.pause('by-command', DUE);
    const plan = await planOf(world);
    expect(new Set(plan.dueTimes.map(({ policy }) => policy))).toEqual(new Set(['fires']));
    for (const name of ['by-file', 'by-command']) expect(plan.warnings).toContain(`policy ${name} is paused: nothing fires before it is resumed`);
  });

  test('A04: an expression with both day fields is named, with its next five due times', async () => {
    const world = new World({ policies: [policyOf('friday-13', { schedule: { cron: ['0 0 13 * 5'] } })] });
    const { warnings } = await planOf(world, { from: instant(Date.parse('2026-11-24T12:00:00Z')) }, true);
    const days = ['2026-11-27', '2026-12-04', '2026-12-11', '2026-12-13', '2026-12-18'].map((day) => `${day}T00:00:00Z`).join(', ');
    expect(warnings).toEqual([`policy friday-13: "0 0 13 * 5" runs on days that match either of its day fields; the next 5: ${days}`]);
  });

  test('a schedule of every second is cut, and how much is said', async () => {
    const world = new World({ policies: [policyOf('eager', { schedule: { cron: ['* * * * * *'] } })] });
    const { dueTimes, warnings } = await planOf(world, {}, true);
    expect(dueTimes).toHaveLength(50_000);
    expect(warnings).toEqual(['policy eager: only the first 50000 due times are listed, 554800 more follow; ask for a shorter horizon']);
  });
});

describe('volumes', () => {
  test('those of each policy with name and start in the spread, and those of none', async () => {
    const spread = durationMs(30 * MINUTE);
    const world = new World({ volumes: ['db-1', 'db-2', 'web-1', 'tmp-1'], policies: [policyOf('db', { volumes: { match: { name: ['db-*'] } }, schedule: { spread } }), policyOf('web', { paused: true, volumes: { match: { name: ['web-*'] } } })] });
    const plan = await planOf(world, { from: DUE });
    const startOf = (id: string): string => isoInstant(addMs(DUE, spreadOffset(id, spread)));
    expect(plan.policies.map(({ policy, volumes }) => [policy, volumes])).toEqual([
      ['db', ['db-1', 'db-2'].map((id) => ({ id, name: id, snapshotName: `db-${id}-20261124T020000Z`, startsAt: startOf(id) }))],
      ['web', [{ id: 'web-1', name: 'web-1', snapshotName: 'web-web-1-20261124T020000Z', startsAt: isoSeconds(DUE) }]],
    ]);
    expect(plan.unprotectedVolumes).toEqual([{ target: 'eu-prod', id: 'tmp-1', name: 'tmp-1' }]);
  });

  test('of one policy alone: what another covers is no less protected', async () => {
    const world = new World({ volumes: ['db-1', 'web-1', 'tmp-1'], policies: [policyOf('db', { volumes: { match: { name: ['db-*'] } } }), policyOf('web', { volumes: { match: { name: ['web-*'] } } })] });
    const plan = await planOf(world, { policy: 'db' });
    expect(plan.policies.map(({ policy }) => policy)).toEqual(['db']);
    expect(new Set(plan.dueTimes.map(({ policy }) => policy))).toEqual(new Set(['db']));
    expect(plan.unprotectedVolumes.map(({ id }) => id)).toEqual(['tmp-1']);
  });

  test('one named by an id that the cloud does not list would fail: it is planned and warned of', async () => {
    const world = new World({ policies: [policyOf('named', { volumes: { ids: ['VOL-1', 'vol-9'], match: null } })] });
    const plan = await planOf(world);
    expect(plan.policies[0]?.volumes.map(({ id, name }) => [id, name])).toEqual([['vol-1', 'vol-1'], ['vol-9', null]]);
    expect(plan.warnings).toEqual(['policy named names volume vol-9, which eu-prod does not list: its run would fail with not_found if it is not there']);
    expect(plan.policies[0]).toMatchObject({ apiCalls: 2 + 2 + 1, estimatedSeconds: 1 });
  });

  test('a policy over nothing is warned of', async () => {
    const world = new World({ policies: [policyOf('nobody', { volumes: { match: { name: ['x'] } } })] });
    expect((await planOf(world)).warnings).toEqual(['policy nobody covers no volume: nothing would be snapshotted']);
  });
});

describe('prune', () => {
  test('A33 (longhorn/longhorn #2751): `last: 30` becomes `last: 3`: 27 deletes with reasons, and the brake', async () => {
    const world = new World({ policies: [policyOf('nightly', { retention: { ...none, last: 30 } })] });
    await nights(world, 30);
    expect((await planOf(world)).policies[0]?.prune.every(({ action }) => action === 'keep')).toBe(true);

    world.setPolicies(policyOf('nightly', { retention: { ...none, last: 3 } }));
    const [nightly] = (await planOf(world)).policies;
    const deletes = nightly?.prune.filter(({ action }) => action === 'delete') ?? [];
    expect(deletes).toHaveLength(27);
    expect(deletes.every(({ reasons }) => reasons.join() === 'no rule keeps it')).toBe(true);
    expect(nightly?.prune.filter(({ action }) => action === 'keep').map(({ createdAt }) => createdAt).toSorted()).toEqual(['2026-12-21T02:00:00Z', '2026-12-22T02:00:00Z', '2026-12-23T02:00:00Z']);
    expect(nightly?.brake).toBe('this would delete at once 27 snapshots of volume vol-1 (at most 3 may go); and 27 of the 30 good snapshots of the policy (at most half may go)');
    expect(nightly?.apiCalls).toBe(1 + 1 + 1 + 27);
    expect(world.cloud.deleted).toEqual([]);
  });

  test('what others made on the volumes of a policy is left alone, and counts for nothing', async () => {
    const world = new World({ policies: [policyOf('nightly', { retention: { ...none, last: 2 } })] });
    await nights(world, 3);
    const made = { volumeId: 'vol-1', name: 'manual-before-upgrade', description: null, force: true, metadata: {} };
    for (let copy = 0; copy < 3; copy += 1) await world.cloud.createSnapshot(made);
    await world.clock.advance(HOUR);
    const [nightly] = (await planOf(world)).policies;
    expect(nightly?.prune.map(({ action, reasons }) => `${action}: ${reasons.join()}`).filter((each) => each.startsWith('ignore'))).toEqual(Array(3).fill('ignore: foreign: it does not bear our mark'));
    expect(nightly?.prune.filter(({ action }) => action === 'delete')).toHaveLength(1);
  });

  test('a volume at the cap with nothing to delete is warned of', async () => {
    const world = new World();
    await nights(world, 7);
    expect((await planOf(world)).warnings).toEqual(['policy nightly: volume vol-1 has as many snapshots as eu-prod allows (7) and none that prune would delete: the next one would be refused for the quota']);
    world.setPolicies(policyOf('nightly', { retention: { ...none, last: 6 } }));
    expect((await planOf(world)).warnings).toEqual([]);
  });
});

test('a target that does not list everything fails its policies alone; the due times are there', async () => {
  const world = new World();
  const { targets } = world.policies.current();
  const [target] = targets;
  if (target === undefined) throw new Error('no target');
  world.policies.replace({ ...world.policies.current(), targets: [{ ...target, name: 'away' }, target], policies: [policyOf('far', { target: 'away' }), policyOf('nightly')] });
  world.cloud.failNext('volumePages', answers.unavailable());
  const plan = await planOf(world);
  expect(plan.failedTargets).toEqual([{ target: 'away', message: '503 serviceUnavailable Service is unavailable at this time.' }]);
  expect(plan.policies).toMatchObject([{ policy: 'far', volumes: [], apiCalls: null, estimatedSeconds: null }, { policy: 'nightly', apiCalls: 3 }]);
  expect(plan.dueTimes.filter(({ policy }) => policy === 'far')).toHaveLength(7);
  expect(plan.warnings).toHaveLength(1);
});

test('offline asks no cloud', async () => {
  const world = new World({ policies: [policyOf('nightly', { volumes: { ids: ['vol-1'], match: null } })] });
  const plan = await planOf(world, {}, true);
  expect(plan.policies).toEqual([{ policy: 'nightly', target: 'eu-prod', nextDue: '2026-11-24T02:00:00Z', volumes: [], prune: [], brake: null, apiCalls: null, estimatedSeconds: null }]);
  expect(plan.unprotectedVolumes).toEqual([]);
  expect(world.cloud.calls('volumePages') + world.cloud.calls('showVolume') + world.cloud.calls('snapshotPages')).toBe(0);
});
