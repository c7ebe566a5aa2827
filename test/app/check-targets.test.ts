import { describe, expect, test } from 'vitest';
import { checkTargets } from '#app/check-targets';
import type { CheckedTarget } from '#app/check-targets';
import { answers } from '../fakes/cloud-answers.ts';
import { World, policyOf } from '../fakes/world.ts';

async function check(world: World): Promise<CheckedTarget> {
  const [checked] = await checkTargets(world.deps());
  if (checked === undefined) throw new Error('no target was checked');
  return checked;
}

test('what is there is counted, and nothing is missing', async () => {
  const world = new World({ volumes: ['a', 'b'] });
  await world.plan();
  await world.finish();
  world.cloud.snapshotQuota = { limit: 10 };
  world.cloud.gigabytes = { limit: 100, inUse: 40 };
  expect(await check(world)).toEqual({ answers: { target: 'eu-prod', loggedIn: true, volumes: 2, snapshots: 2, snapshotsLeft: 8, gigabytesLeft: 60 }, findings: [] });
  expect(world.cloud.creates).toHaveLength(2);
});

test('without a log-in nothing else is asked', async () => {
  const world = new World();
  world.cloud.failNext('authenticate', answers.unauthorized());
  expect(await check(world)).toMatchObject({ answers: { loggedIn: false, volumes: null }, findings: [{ severity: 'error', policy: null, message: 'target eu-prod: the log-in failed: 401 EVS.5401 Authentication required; check endpoint, project and auth of the target' }] });
  expect(world.cloud.calls('volumePages')).toBe(0);
});

describe('each right is checked by itself', () => {
  test.each([
    ['volumePages', 'its volumes cannot be listed', 'evs:volumes:list'],
    ['snapshotPages', 'its snapshots cannot be listed', 'evs:snapshots:list'],
    ['quotas', 'its quota cannot be read', 'evs:quotas:get'],
  ] as const)('%s', async (operation, what, right) => {
    const world = new World();
    world.cloud.failNext(operation, answers.forbidden());
    const { findings } = await check(world);
    expect(findings).toEqual([{ severity: 'error', target: 'eu-prod', policy: null, message: `target eu-prod: ${what}: 403 EVS.5403 Policy check failed.; the user needs ${right}` }]);
  });
});

describe('what the policies need', () => {
  test('a volume that is named and not there is an error, a match without volumes a warning', async () => {
    const world = new World({ volumes: ['a'], policies: [policyOf('named', { volumes: { ids: ['A', 'gone'], match: null } }), policyOf('nobody', { volumes: { match: { name: ['x-*'] } } })] });
    expect((await check(world)).findings.map(({ severity, policy }) => [severity, policy])).toEqual([['error', 'named'], ['warning', 'nobody']]);
  });

  test.each([
    [3, null, []],
    [2, null, ['its quota leaves 2 snapshots, and one firing of each of its policies takes 3']],
    [null, { limit: 100, inUse: 71 }, ['its quota leaves 29 GB, and one firing of each of its policies takes 30']],
    [null, { limit: 100, inUse: 70 }, []],
  ])('quota of %s snapshots, %j gigabytes', async (limit, gigabytes, expected) => {
    const world = new World({ volumes: ['a', 'b', 'c'], policies: [policyOf('all'), policyOf('not-now', { paused: true })] });
    world.cloud.snapshotQuota = { limit };
    world.cloud.gigabytes = gigabytes;
    const { findings } = await check(world);
    expect(findings).toEqual(expected.map((each) => ({ severity: 'warning', target: 'eu-prod', policy: null, message: `target eu-prod: ${each}; raise the quota, or let retention delete more` })));
  });
});
