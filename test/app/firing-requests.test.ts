import { afterEach, describe, expect, test } from 'vitest';
import { FiringRequests } from '#app/firing-requests';
import { NoFreeSecondError, requestCatchUp, requestManualFiring } from '#app/request-firing';
import { firingIdOf } from '#domain/naming/run-id';
import { HOUR, MINUTE, SECOND, addMs, durationMs, isoSeconds } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { DUE, TARGET, World, at, policyOf } from '../fakes/world.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function start(world: World, replica = 'replica-1'): void {
  const requests = new FiringRequests({ ...world.deps(), replica });
  const stopping = new AbortController();
  const ended = requests.run(stopping.signal);
  stops.push(async () => {
    stopping.abort();
    await ended;
  });
}

const NOON = '2026-11-24T12:00:00Z';

describe('a firing that somebody asks for', () => {
  test('is due in the present second, is planned at once, and says that it is manual', async () => {
    const world = new World({ now: NOON, volumes: ['vol-1', 'vol-2'], policies: [policyOf('nightly', { schedule: { spread: durationMs(HOUR) } })] });
    await world.clock.advance(300);
    start(world);
    const { due, firingId } = await requestManualFiring(world.deps(), world.policy, null);
    expect(due).toBe(at(NOON));
    expect(firingId).toBe(firingIdOf('prod', 'nightly', at(NOON)));
    await world.clock.advance(SECOND);
    await world.finish();
    const [firing] = await world.ledger.firings('nightly', 5);
    expect(firing).toMatchObject({ id: firingId, trigger: 'manual', total: 2, counts: { available: 2 } });
    // Without the policy's spread.
    expect((firing?.finishedAt ?? Infinity) - due).toBeLessThan(MINUTE);
    expect(world.telemetry.of('policy.due')).toEqual([{ policy: 'nightly', target: TARGET, due, trigger: 'manual', lagMs: 1_300 }]);
    expect(await world.ledger.requestedFirings()).toEqual([]);
    expect(world.cloud.snapshots().map(({ metadata }) => metadata['snapkeep_due'])).toEqual([NOON, NOON]);
  });

  test('A12 (taskforcesh/bullmq #1337): asked for twice in a second it runs twice, and a firing that failed does not swallow the next', async () => {
    const world = new World({ now: NOON });
    start(world);
    world.cloud.scriptCreates({ refuse: answers.plain400() });
    const first = await requestManualFiring(world.deps(), world.policy, null);
    const second = await requestManualFiring(world.deps(), world.policy, null);
    expect([first.due, second.due].map(isoSeconds)).toEqual(['2026-11-24T12:00:00Z', '2026-11-24T12:00:01Z']);
    await world.clock.advance(2 * SECOND);
    await world.finish();
    const third = await requestManualFiring(world.deps(), world.policy, null);
    await world.clock.advance(2 * SECOND);
    await world.finish();
    const outcomes = new Map((await world.ledger.firings('nightly', 5)).map(({ due, counts }) => [due, counts]));
    expect(outcomes.size).toBe(3);
    expect([...outcomes.values()].reduce((sum, { failed }) => sum + failed, 0)).toBe(1);
    expect([...outcomes.values()].reduce((sum, { available }) => sum + available, 0)).toBe(2);
    expect(outcomes.get(third.due)).toMatchObject({ available: 1 });
    expect(world.cloud.creates).toHaveLength(3);
  });

  test('A12: never takes the place of a due time: in its second it moves on, and the schedule fires too', async () => {
    const world = new World({ now: '2026-11-24T02:00:00Z' });
    start(world);
    const { due } = await requestManualFiring(world.deps(), world.policy, ['vol-1']);
    expect(isoSeconds(due)).toBe('2026-11-24T02:00:01Z');
    await world.plan(DUE);
    await world.clock.advance(2 * SECOND);
    await world.finish();
    expect((await world.ledger.firings('nightly', 5)).map(({ trigger, counts }) => [trigger, counts.available])).toEqual([['manual', 1], ['schedule', 1]]);
  });

  test('where the policy fires every second it is refused with the reason', async () => {
    const world = new World({ now: NOON, policies: [policyOf('nightly', { schedule: { cron: ['* * * * * *'] } })] });
    await expect(requestManualFiring(world.deps(), world.policy, null)).rejects.toThrow(NoFreeSecondError);
    expect(await world.ledger.requestedFirings()).toEqual([]);
  });

  test('for a volume that the policy does not cover the run fails and says so; the others run', async () => {
    const world = new World({ now: NOON, volumes: ['vol-1', 'vol-2'] });
    start(world);
    const { firingId } = await requestManualFiring(world.deps(), world.policy, ['vol-2', 'vol-9']);
    await world.clock.advance(SECOND);
    await world.finish();
    expect(await world.ledger.firing(firingId)).toMatchObject({ total: 2, counts: { available: 1, failed: 1 } });
    const refused = (await world.runs()).find(({ volumeId }) => volumeId === 'vol-9');
    expect(refused?.failure).toMatchObject({ kind: 'not_found', code: 'not_covered', message: 'policy nightly does not cover this volume' });
    expect(world.telemetry.count('run.failed')).toBe(1);
  });

  test('outlives the process that planned it, a cloud that does not list, and is planned by one of two', async () => {
    const world = new World({ now: NOON });
    world.cloud.failNext('volumePages', answers.unavailable());
    start(world);
    await requestManualFiring(world.deps(), world.policy, null);
    await world.clock.advance(SECOND);
    expect(world.telemetry.count('firing.plan_failed')).toBe(1);
    start(world);
    await world.clock.advance(12 * SECOND);
    await world.finish();
    expect(world.cloud.creates).toHaveLength(1);
    expect(world.telemetry.count('firing.planned')).toBe(1);
    expect((await world.onlyRun()).outcome).toBe('available');
  });

  test('two schedulers that see it at the same moment: one plans it, and it is told once', async () => {
    const world = new World({ now: NOON });
    await requestManualFiring(world.deps(), world.policy, null);
    start(world, 'replica-1');
    start(world, 'replica-2');
    await world.clock.advance(3 * SECOND);
    expect(world.cloud.calls('volumePages')).toBe(1);
    expect(world.telemetry.count('policy.due')).toBe(1);
    expect(world.telemetry.count('firing.planned')).toBe(1);
    expect(await world.ledger.requestedFirings()).toEqual([]);
  });

  test('of a policy that is gone meanwhile ends without a run', async () => {
    const world = new World({ now: NOON });
    await requestManualFiring(world.deps(), world.policy, null);
    world.setPolicies();
    start(world);
    await world.clock.advance(SECOND);
    expect((await world.ledger.firings('nightly', 1))[0]).toMatchObject({ total: 0, finishedAt: at('2026-11-24T12:00:00Z') });
    expect(world.telemetry.count('firing.finished')).toBe(1);
    expect(await world.ledger.requestedFirings()).toEqual([]);
  });

  test('a due time while its run holds the volume waits for its turn, it is not skipped', async () => {
    const world = new World({ now: '2026-11-24T01:59:59Z' });
    start(world);
    await requestManualFiring(world.deps(), world.policy, null);
    await world.clock.advance(SECOND);
    await world.work();
    await world.plan(DUE);
    await world.finish();
    expect((await world.runs()).map(({ outcome }) => outcome)).toEqual(['available', 'available']);
    expect(world.telemetry.count('run.skipped')).toBe(0);
  });
});

describe('resuming with catch-up', () => {
  test.each([
    ['a due time passed', '2026-11-24T01:43:00Z', '2026-11-24T02:00:00Z'],
    ['several passed: the newest alone', '2026-11-21T01:43:00Z', '2026-11-24T02:00:00Z'],
    ['none passed', '2026-11-24T02:30:00Z', null],
  ])('%s', async (_, since, due) => {
    const world = new World({ now: '2026-11-24T03:00:00Z' });
    const caughtUp = await requestCatchUp(world.deps(), world.policy, at(since));
    expect(caughtUp === null ? null : isoSeconds(caughtUp.due)).toBe(due);
    expect(await world.ledger.requestedFirings()).toHaveLength(due === null ? 0 : 1);
  });

  test('what has fired already does not fire again', async () => {
    const world = new World({ now: '2026-11-24T03:00:00Z' });
    await world.plan(DUE);
    expect(await requestCatchUp(world.deps(), world.policy, addMs(DUE, -HOUR))).toBeNull();
  });

  test('the firing is a caught-up one, with a time of its own to finish', async () => {
    const world = new World({ now: '2026-11-24T09:00:00Z' });
    start(world);
    await requestCatchUp(world.deps(), world.policy, addMs(DUE, -HOUR));
    await world.clock.advance(SECOND);
    await world.finish();
    expect((await world.ledger.firings('nightly', 1))[0]).toMatchObject({ due: DUE, trigger: 'catch-up', counts: { available: 1 } });
  });
});
