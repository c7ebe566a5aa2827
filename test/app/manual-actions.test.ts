import { describe, expect, test } from 'vitest';
import { FiringRequests } from '#app/firing-requests';
import { manualActions } from '#app/manual-actions';
import { ActionRefused } from '#app/ports/actions';
import type { Actions } from '#app/ports/actions';
import { Scheduler } from '#app/scheduler';
import { HOUR, addMs, isoSeconds } from '#domain/time';
import { settle } from '../fakes/manual-clock.ts';
import { World, at, policyOf } from '../fakes/world.ts';

async function unasked(): Promise<never> {
  throw new Error('nobody asked for that');
}

function actionsIn(world: World): Actions {
  return manualActions(world.deps(), { prune: unasked, plan: unasked });
}

/** Plans what was asked for and does all of it. */
async function carryOut(world: World): Promise<string[]> {
  await new FiringRequests(world.deps()).look(world.signal);
  await settle();
  await world.finish();
  return (await world.runs()).map(({ volumeId, outcome, failure }) => [volumeId, outcome, failure?.code].filter(Boolean).join(' ')).toSorted();
}

describe('trigger', () => {
  test('asks for a firing of all volumes that the policy covers, due at the next second that is free', async () => {
    const world = new World({ now: '2026-11-24T10:00:00.400Z', volumes: ['vol-1', 'vol-2'] });
    const { due, firingId } = await actionsIn(world).trigger('nightly', { volumes: null });
    expect(isoSeconds(due)).toBe('2026-11-24T10:00:00Z');
    expect(await carryOut(world)).toEqual(['vol-1 available', 'vol-2 available']);
    expect(await world.ledger.firing(firingId)).toMatchObject({ trigger: 'manual', counts: { available: 2 } });
  });

  test('of named volumes, each once and in any case; one that is not covered is a run that failed', async () => {
    const world = new World({ volumes: ['vol-1', 'vol-2'] });
    await actionsIn(world).trigger('nightly', { volumes: ['VOL-1', 'vol-1', 'vol-9'] });
    expect(await carryOut(world)).toEqual(['vol-1 available', 'vol-9 failed not_covered']);
  });

  test('a policy that leaves no second free is refused', async () => {
    const world = new World({ policies: [policyOf('nightly', { schedule: { cron: ['* * * * * *'] } })] });
    await expect(actionsIn(world).trigger('nightly', { volumes: null })).rejects.toThrow(ActionRefused);
  });
});

describe('pause and resume', () => {
  /** Paused by command at 01:00, one due time of two o'clock passed, and it is three. */
  async function pausedOverNight(): Promise<{ world: World; actions: Actions; stop: () => Promise<void> }> {
    const world = new World({ now: '2026-11-24T01:00:00Z' });
    const stopping = new AbortController();
    const running = new Scheduler(world.deps()).run(stopping.signal);
    await settle();
    const actions = actionsIn(world);
    await actions.pause('nightly');
    await world.clock.advanceTo('2026-11-24T03:00:00Z');
    const stop = async (): Promise<void> => {
      stopping.abort();
      await running;
    };
    return { world, actions, stop };
  }

  test.each([
    [false, null, 0],
    [true, '2026-11-24T02:00:00Z', 1],
  ])('resume with catchUp %o makes up for %o', async (catchUp, expected, runs) => {
    const { world, actions, stop } = await pausedOverNight();
    const { caughtUp } = await actions.resume('nightly', { catchUp });
    expect(caughtUp === null ? null : isoSeconds(caughtUp)).toBe(expected);
    expect(await carryOut(world)).toHaveLength(runs);
    await world.clock.advanceTo(addMs(at('2026-11-24T02:00:00Z'), 24 * HOUR));
    expect(world.telemetry.of('firing.planned').at(-1)?.due).toBe(at('2026-11-25T02:00:00Z'));
    await stop();
  });

  test('one that is not paused has nothing to make up for; a pause of the file stays', async () => {
    const world = new World({ policies: [policyOf('nightly'), policyOf('held', { paused: true })] });
    const actions = actionsIn(world);
    expect(await actions.resume('nightly', { catchUp: true })).toEqual({ caughtUp: null });
    await actions.pause('held');
    await expect(actions.resume('held', { catchUp: true })).rejects.toThrow('the policy file says paused: true for held; take it out there');
    expect(await world.ledger.pausedPolicies()).toEqual(new Map());
  });
});

test('a policy taken out of the files meanwhile is refused', async () => {
  const world = new World();
  const actions = actionsIn(world);
  for (const act of [() => actions.trigger('gone', { volumes: null }), () => actions.pause('gone'), () => actions.resume('gone', { catchUp: false })]) {
    await expect(act()).rejects.toThrow(ActionRefused);
  }
  expect(await world.ledger.pausedPolicies()).toEqual(new Map());
});
