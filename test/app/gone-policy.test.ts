import { describe, expect, test } from 'vitest';
import { endGoneFirings } from '#app/end-gone-firings';
import { CurrentPolicies } from '#app/current-policies';
import { executeRun } from '#app/execute-run';
import { FiringRequests } from '#app/firing-requests';
import { requestManualFiring } from '#app/request-firing';
import { Scheduler } from '#app/scheduler';
import { HOUR, MINUTE, SECOND } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { settle } from '../fakes/manual-clock.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';
import type { WorldDeps } from '../fakes/world.ts';

/** A replica that has not read of the policies yet. */
function behind(world: World): { deps: WorldDeps; policies: CurrentPolicies } {
  const policies = new CurrentPolicies({ ...world.policies.current(), policies: [policyOf('another')] });
  return { deps: { ...world.deps(), policies }, policies };
}

describe('a run of a policy that is gone', () => {
  test('whose earlier try was refused ends as failed with that reason', async () => {
    const world = new World();
    world.cloud.scriptCreates({ refuse: answers.connectRefused() });
    await world.plan();
    await world.work();
    world.setPolicies();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed', tries: 1, failure: { code: 'refused' } });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('whose create call lost its answer is looked for, and its snapshot taken over', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
    await world.plan();
    await world.work();
    world.setPolicies();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true, snapshotId: 'snap-1' });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('whose create call came to nothing ends as failed after the grace period, with no second call', async () => {
    const world = new World();
    world.cloud.scriptCreates({ refuse: answers.timeout() });
    await world.plan();
    await world.work();
    world.setPolicies();
    await world.clock.advance(MINUTE);
    await world.work();
    expect((await world.onlyRun()).outcome).toBe('pending');
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'failed', failure: { code: 'timeout' } });
    expect(world.cloud.creates).toHaveLength(1);
  });

  test('whose snapshot cannot be looked for is an abandoned one after an hour, and still looked for', async () => {
    const world = new World();
    world.cloud.scriptCreates({ loseAnswer: answers.timeout() });
    await world.plan();
    await world.work();
    world.setPolicies();
    world.cloud.failNext('snapshotPages', ...Array.from({ length: 400 }, answers.unavailable));
    await world.finish(world.deps(), 2 * 60 * MINUTE);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'abandoned' });
    world.cloud.answerAgain();
    await world.finish();
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available', adopted: true });
  });
});

describe('a replica that has not read of a new policy yet', () => {
  test('leaves its runs alone, and does them once it has', async () => {
    const world = new World();
    await world.plan();
    const { deps, policies } = behind(world);
    for (let n = 0; n < 20; n += 1) {
      await world.work(deps);
      await world.clock.advance(2 * SECOND);
    }
    expect(await world.onlyRun()).toMatchObject({ outcome: 'pending', phase: 'queued' });
    policies.replace(world.policies.current());
    await world.finish(deps);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'available' });
  });

  test('skips them after three minutes: then it is none that will come', async () => {
    const world = new World();
    await world.plan();
    const { deps } = behind(world);
    await world.finish(deps, 10 * MINUTE);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'skipped', failure: { message: 'the policy is gone' } });
    expect((await world.onlyRun()).finishedAt).toBeLessThan(DUE + 4 * MINUTE);
  });

  test('leaves a firing that is asked for to one that has', async () => {
    const world = new World();
    const { firingId } = await requestManualFiring(world.deps(), world.policy, null);
    const { deps } = behind(world);
    await new FiringRequests(deps).look(world.signal);
    await settle();
    expect((await world.ledger.firing(firingId))?.total).toBeNull();
    await new FiringRequests(world.deps()).look(world.signal);
    await settle();
    expect((await world.ledger.firing(firingId))?.total).toBe(1);
  });
});

describe('a firing that was being planned when its policy went', () => {
  /** The cloud lists no volumes, so the firing is begun and not planned. */
  async function begun(): Promise<{ world: World; scheduler: Scheduler; stop: () => Promise<void> }> {
    const world = new World({ now: '2026-11-24T01:59:00Z' });
    await world.ledger.startPolicy('nightly', { watermark: world.clock.now(), scheduleKey: '' });
    const scheduler = new Scheduler(world.deps());
    const stopping = new AbortController();
    const running = scheduler.run(stopping.signal);
    await settle();
    world.cloud.failNext('volumePages', ...Array.from({ length: 1_000 }, answers.unavailable));
    await world.clock.advance(2 * MINUTE);
    expect(await world.ledger.openFirings()).toMatchObject([{ total: null }]);
    const stop = async (): Promise<void> => {
      stopping.abort();
      await running;
    };
    return { world, scheduler, stop };
  }

  test('is closed, and told', async () => {
    const { world, scheduler, stop } = await begun();
    world.setPolicies();
    scheduler.policiesChanged();
    await settle();
    expect(await world.ledger.openFirings()).toEqual([]);
    expect(world.telemetry.of('firing.finished')).toMatchObject([{ policy: 'nightly', runs: { available: 0, pending: 0 } }]);
    await stop();
  });

  test('in this very moment is closed soon after that has come to nothing', async () => {
    const { world, scheduler, stop } = await begun();
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    world.cloud.beforeCall = async () => answered;
    await world.clock.advance(10 * SECOND);
    world.setPolicies();
    scheduler.policiesChanged();
    await settle();
    expect(await world.ledger.openFirings()).toHaveLength(1);
    answer();
    await world.clock.advance(20 * SECOND);
    expect(await world.ledger.openFirings()).toEqual([]);
    expect(world.telemetry.count('firing.finished')).toBe(1);
    await stop();
  });

  test('while nobody was there to see it go is closed after three minutes', async () => {
    const { world, stop } = await begun();
    await stop();
    const { deps } = behind(world);
    const stopping = new AbortController();
    const running = new Scheduler({ ...deps, replica: 'replica-2' }).run(stopping.signal);
    await world.clock.advance(90 * SECOND);
    expect(await world.ledger.openFirings()).toHaveLength(1);
    await world.clock.advance(90 * SECOND);
    expect(await world.ledger.openFirings()).toEqual([]);
    stopping.abort();
    await running;
  });

  test('is left to the replica that plans it', async () => {
    const { world, stop } = await begun();
    world.setPolicies();
    await world.ledger.acquireLease('plan:nightly', 'replica-2', MINUTE);
    await endGoneFirings(world.deps(), () => false);
    expect(await world.ledger.openFirings()).toHaveLength(1);
    await stop();
  });

  test('and comes back with another target is planned on the one it was begun on', async () => {
    const { world, stop } = await begun();
    const asked: string[] = [];
    const deps = world.deps({ clouds: { of: (name) => (asked.push(name), world.cloud) } });
    const current = world.policies.current();
    world.policies.replace({ ...current, targets: current.targets.map((target) => ({ ...target, name: 'elsewhere' })), policies: [policyOf('nightly', { target: 'elsewhere' })] });
    world.cloud.answerAgain();
    await world.plan(DUE, world.policy, deps);
    expect(asked).toEqual([TARGET]);
    await stop();
  });
});

test('a policy taken out before it could start, and put back, starts when it is back', async () => {
  const world = new World({ now: '2026-11-24T01:59:00Z' });
  world.cloud.failNext('snapshotPages', ...Array.from({ length: 1_000 }, answers.unavailable));
  const scheduler = new Scheduler(world.deps());
  const stopping = new AbortController();
  const running = scheduler.run(stopping.signal);
  await settle();
  world.setPolicies();
  scheduler.policiesChanged();
  await world.clock.advance(5 * MINUTE);
  world.cloud.answerAgain();
  world.setPolicies(policyOf());
  scheduler.policiesChanged();
  await world.clock.advance(5 * MINUTE);
  expect(world.telemetry.count('firing.planned')).toBe(0);
  expect((await world.ledger.policyStates(['nightly'])).get('nightly')?.watermark).toBeGreaterThan(DUE);
  stopping.abort();
  await running;
});

test('runs on a target that went while nobody was there are ended after a day, each as far as is known', async () => {
  const world = new World({ volumes: ['vol-1', 'vol-2', 'vol-3'] });
  world.cloud.scriptCreates({ loseAnswer: answers.timeout() }, { ends: 'creating' });
  await world.plan();
  const deps = world.deps();
  let taken = 0;
  while (taken < 2 && (await world.queue.step((runId, signal) => executeRun(deps, runId, signal)))) taken += 1;
  world.policies.replace({ ...world.policies.current(), targets: [], policies: [] });
  const stopping = new AbortController();
  const running = new Scheduler({ ...world.deps(), policies: new CurrentPolicies(world.policies.current()) }).run(stopping.signal);
  await world.clock.advance(23 * HOUR);
  expect(new Set((await world.runs()).map(({ outcome }) => outcome))).toEqual(new Set(['pending']));
  await world.clock.advance(3 * HOUR);
  expect((await world.runs()).map(({ outcome, failure }) => `${outcome} ${failure?.code ?? failure?.message ?? ''}`).toSorted((a, b) => (a < b ? -1 : 1))).toEqual(['abandoned target_gone', 'abandoned target_gone', 'skipped the target is gone']);
  expect(world.telemetry.of('firing.finished')).toMatchObject([{ runs: { pending: 0, skipped: 1, abandoned: 2 } }]);
  stopping.abort();
  await running;
});
