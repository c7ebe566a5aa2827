import { afterEach, describe, expect, test } from 'vitest';
import { Scheduler } from '#app/scheduler';
import type { Policy } from '#domain/policy';
import { DAY, HOUR, MINUTE, SECOND, addMs, durationMs, isoSeconds } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { CrashAt, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { settle } from '../fakes/manual-clock.ts';
import { World, at, policyOf } from '../fakes/world.ts';
import type { WorldDeps } from '../fakes/world.ts';

interface Running {
  readonly scheduler: Scheduler;
  stop(): Promise<void>;
}

const running = new Set<Running>();
afterEach(async () => {
  for (const each of running) await each.stop();
});

function start(world: World, deps: WorldDeps = world.deps()): Running {
  const scheduler = new Scheduler(deps);
  const stopping = new AbortController();
  let failure: Error | null = null;
  const ended = scheduler.run(stopping.signal).catch((error: unknown) => {
    failure = error instanceof Error ? error : new Error(String(error));
  });
  const handle: Running = {
    scheduler,
    async stop() {
      running.delete(handle);
      stopping.abort();
      await ended;
      if (failure !== null) throw failure;
    },
  };
  running.add(handle);
  return handle;
}

function every(cron: string, schedule: Partial<Policy['schedule']> = {}, name = 'p'): Policy {
  return policyOf(name, { schedule: { cron: [cron], ...schedule } });
}

/** Due times fired, in the order they were planned: `02:15`, with the trigger where it was not the schedule. */
function fired(world: World, policy = 'p'): string[] {
  return world.telemetry
    .of('firing.planned')
    .filter((each) => each.policy === policy)
    .map(({ due, trigger }) => (trigger === 'schedule' ? isoSeconds(due) : `${isoSeconds(due)} ${trigger}`));
}

function missed(world: World): { count: number; result: string }[] {
  return world.telemetry.of('policy.missed').map(({ count, result }) => ({ count, result }));
}

/** What has to hold at the end of every story: no due time twice, and never one from before the policy was known. */
function expectOnce(world: World): void {
  const all = world.telemetry.of('firing.planned').map(({ policy, due }) => `${policy} ${due}`);
  expect(new Set(all).size).toBe(all.length);
}

describe('due times', () => {
  test('a new policy fires from its next due time on, each on time', async () => {
    const world = new World({ now: '2026-11-24T10:46:00Z', policies: [every('45 * * * *')] });
    start(world);
    await world.clock.advanceTo('2026-11-24T14:44:59Z');
    expect(fired(world)).toEqual(['2026-11-24T11:45:00Z', '2026-11-24T12:45:00Z', '2026-11-24T13:45:00Z']);
    expect(world.telemetry.of('firing.planned').map(({ lagMs }) => lagMs)).toEqual([0, 0, 0]);
    expect(missed(world)).toEqual([]);
  });

  test('a scheduler that starts at a due time to the millisecond leaves it to whoever was there before', async () => {
    const world = new World({ now: '2026-11-24T10:45:00Z', policies: [every('45 * * * *')] });
    start(world);
    await world.clock.advance(HOUR - 1);
    expect(fired(world)).toEqual([]);
    await world.clock.advance(1);
    expect(fired(world)).toEqual(['2026-11-24T11:45:00Z']);
  });

  test('several policies and several expressions', async () => {
    const world = new World({ now: '2026-11-24T05:30:01Z', policies: [policyOf('p', { schedule: { cron: ['0 6 * * *', '30 6 * * *', '0 6 * * *'] } }), every('*/30 * * * * *', {}, 'q'), every('15 6 * * *', {}, 'r')] });
    start(world);
    await world.clock.advanceTo('2026-11-24T07:00:00Z');
    expect(fired(world)).toEqual(['2026-11-24T06:00:00Z', '2026-11-24T06:30:00Z']);
    expect(fired(world, 'r')).toEqual(['2026-11-24T06:15:00Z']);
    expect(fired(world, 'q')).toHaveLength(180);
    expectOnce(world);
  });

  test('local time, over both clock changes (A01)', async () => {
    const world = new World({ now: '2026-03-28T00:00:00Z', policies: [every('30 2 * * *', { timezone: 'Europe/Berlin' })] });
    start(world);
    await world.clock.advanceTo('2026-03-31T00:00:00Z');
    expect(fired(world)).toEqual(['2026-03-28T01:30:00Z', '2026-03-29T01:00:00Z', '2026-03-30T00:30:00Z']);
    await world.clock.advanceTo('2026-10-24T00:00:00Z');
    const before = fired(world).length;
    await world.clock.advanceTo('2026-10-27T00:00:00Z');
    expect(fired(world).slice(before)).toEqual(['2026-10-24T00:30:00Z', '2026-10-25T00:30:00Z', '2026-10-26T01:30:00Z']);
    expectOnce(world);
  });

  test('drift: creations of 90 s and one of 20 minutes leave the grid as it is (A05)', async () => {
    const world = new World({ now: '2026-11-24T00:30:00Z', policies: [every('0 * * * *')] });
    start(world);
    for (let hour = 1; hour <= 24; hour += 1) {
      await world.clock.advanceTo(addMs(at('2026-11-24T00:00:00Z'), hour * HOUR));
      world.cloud.creationMs = hour === 12 ? 20 * MINUTE : 90_000;
      await world.finish(world.deps(), 40 * MINUTE);
    }
    const dues = world.telemetry.of('firing.planned').map(({ due }) => due);
    expect(dues).toHaveLength(24);
    expect(dues.every((due) => due % HOUR === 0)).toBe(true);
    expect((await world.runs()).map(({ outcome }) => outcome)).toEqual(Array<string>(24).fill('available'));
    expect(Math.max(...world.telemetry.of('firing.planned').map(({ lagMs }) => lagMs))).toBe(0);
  });
});

describe('long sleeps (A03)', () => {
  test('monthly and yearly: zero runs until the due instant, then one', async () => {
    const world = new World({ now: '2026-01-01T00:00:01Z', policies: [every('0 0 1 * *', {}, 'monthly'), every('0 3 1 1 *', {}, 'yearly')] });
    start(world);
    await world.clock.advanceTo('2026-01-31T23:59:59Z');
    expect(world.telemetry.count('firing.planned')).toBe(1);
    expect(fired(world, 'yearly')).toEqual(['2026-01-01T03:00:00Z']);
    await world.clock.advance(SECOND);
    expect(fired(world, 'monthly')).toEqual(['2026-02-01T00:00:00Z']);
    await world.clock.advanceTo('2026-02-28T23:59:59Z');
    expect(fired(world, 'monthly')).toHaveLength(1);
    expect(world.clock.longestSleep).toBeLessThanOrEqual(2 ** 31 - 1);
  });

  test('paused for 40 days: nothing fires, and nothing of it is made up for', async () => {
    const world = new World({ now: '2026-01-01T00:00:01Z', policies: [every('0 0 * * *')] });
    start(world);
    await world.ledger.pause('p', world.clock.now());
    await world.clock.advance(40 * DAY);
    expect(fired(world)).toEqual([]);
    await world.ledger.resume('p');
    await world.clock.advance(HOUR);
    expect(fired(world)).toEqual([]);
    await world.clock.advance(DAY);
    expect(fired(world)).toEqual(['2026-02-11T00:00:00Z']);
  });

  test('no policies at all: the loop waits, and is woken by the first one', async () => {
    const world = new World({ now: '2026-01-01T00:00:01Z', policies: [] });
    const { scheduler } = start(world);
    await world.clock.advance(3 * DAY);
    world.setPolicies(every('* * * * *'));
    scheduler.policiesChanged();
    await world.clock.advance(MINUTE);
    expect(fired(world)).toHaveLength(1);
  });
});

describe('a clock that is set', () => {
  test('back by three hours: what has fired does not fire again, what comes next comes once', async () => {
    const world = new World({ now: '2026-11-24T10:00:01Z', policies: [every('0 * * * *')] });
    start(world);
    await world.clock.advanceTo('2026-11-24T13:00:30Z');
    await world.clock.jumpTo('2026-11-24T10:30:00Z');
    await world.clock.advanceTo('2026-11-24T15:30:00Z');
    expect(fired(world)).toEqual(['11', '12', '13', '14', '15'].map((hour) => `2026-11-24T${hour}:00:00Z`));
    expect(missed(world)).toEqual([]);
  });

  test('back by seconds around a due time', async () => {
    const world = new World({ now: '2026-11-24T10:30:00Z', policies: [every('0 * * * *')] });
    start(world);
    await world.clock.advanceTo('2026-11-24T11:00:01Z');
    for (const back of ['2026-11-24T10:59:58Z', '2026-11-24T10:59:59.999Z']) {
      await world.clock.jumpTo(back);
      await world.clock.advance(5 * SECOND);
    }
    expect(fired(world)).toEqual(['2026-11-24T11:00:00Z']);
  });

  test('forward over several due times: those are late, and are dealt with as missed ones', async () => {
    const world = new World({ now: '2026-11-24T10:30:00Z', policies: [every('0 * * * *', { catchUp: 'latest' }, 'latest'), every('0 * * * *', { catchUp: 'none' }, 'none'), every('0 * * * *', { catchUp: 'all' }, 'all')] });
    start(world);
    await settle();
    await world.clock.jumpTo('2026-11-24T13:30:00Z');
    await world.clock.advance(MINUTE);
    expect(fired(world, 'none')).toEqual([]);
    expect(fired(world, 'latest')).toEqual(['2026-11-24T13:00:00Z catch-up']);
    expect(fired(world, 'all')).toEqual(['11', '12', '13'].map((hour) => `2026-11-24T${hour}:00:00Z catch-up`));
    await world.clock.advanceTo('2026-11-24T14:00:00Z');
    for (const policy of ['none', 'latest', 'all']) expect(fired(world, policy).at(-1)).toBe('2026-11-24T14:00:00Z');
    expectOnce(world);
  });

  test('a clock behind that of the store fires when the store says so, within the difference', async () => {
    const world = new World({ now: '2026-11-24T10:30:00Z', policies: [every('0 * * * *')] });
    world.ledger.skewMs = 20_000;
    start(world);
    await world.clock.advanceTo('2026-11-24T11:00:00Z');
    expect(fired(world)).toEqual(['2026-11-24T11:00:00Z']);
    await world.clock.advance(2 * HOUR);
    expect(fired(world)).toHaveLength(3);
  });
});

describe('policies that change do not fire at once (A07)', () => {
  const changes: readonly (readonly [string, (world: World, running: Running) => Promise<void>, readonly string[]])[] = [
    ['(a) paused by command 10:43, resumed 10:50', async (world) => {
      await world.clock.advanceTo('2026-11-24T10:43:00Z');
      await world.ledger.pause('p', world.clock.now());
      await world.clock.advanceTo('2026-11-24T10:50:00Z');
      await world.ledger.resume('p');
    }, ['11:45', '12:45']],
    ['(a) paused in the file, then no longer', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:43:00Z');
      world.setPolicies({ ...every('45 * * * *'), paused: true });
      scheduler.policiesChanged();
      await world.clock.advanceTo('2026-11-24T10:50:00Z');
      world.setPolicies(every('45 * * * *'));
      scheduler.policiesChanged();
    }, ['11:45', '12:45']],
    ['(b) only the metadata is edited', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:43:00Z');
      world.setPolicies(policyOf('p', { schedule: { cron: ['45 * * * *'] }, snapshot: { metadata: { team: 'other' } }, revision: 'r2' }));
      scheduler.policiesChanged();
    }, ['10:45', '11:45', '12:45']],
    ['(c) the cron goes from 45 to 50 at 10:47', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:47:00Z');
      world.setPolicies(every('50 * * * *'));
      scheduler.policiesChanged();
    }, ['10:45', '10:50', '11:50', '12:50']],
    ['the cron goes to a time of day that has passed', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:47:00Z');
      world.setPolicies(every('0 10 * * *'));
      scheduler.policiesChanged();
    }, ['10:45']],
    ['(d) a second policy comes at 10:46', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:46:00Z');
      world.setPolicies(every('45 * * * *'), every('45 * * * *', {}, 'q'));
      scheduler.policiesChanged();
    }, ['10:45', '11:45', '12:45']],
    ['the policy is removed (A18)', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:46:00Z');
      world.setPolicies();
      scheduler.policiesChanged();
    }, ['10:45']],
    ['removed without a word to the scheduler', async (world) => {
      await world.clock.advanceTo('2026-11-24T10:46:00Z');
      world.setPolicies();
    }, ['10:45']],
    ['removed, and back within the hour', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:46:00Z');
      world.setPolicies();
      scheduler.policiesChanged();
      await world.clock.advanceTo('2026-11-24T11:30:00Z');
      world.setPolicies(every('45 * * * *'));
      scheduler.policiesChanged();
    }, ['10:45', '11:45', '12:45']],
    ['renamed: the new name starts anew', async (world, { scheduler }) => {
      await world.clock.advanceTo('2026-11-24T10:46:00Z');
      world.setPolicies(every('45 * * * *', {}, 'renamed'));
      scheduler.policiesChanged();
    }, ['10:45']],
  ];

  test.each(changes)('%s', async (_, change, expected) => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *', { catchUp: 'latest' })] });
    const handle = start(world);
    await change(world, handle);
    await settle();
    const before = world.telemetry.count('firing.planned');
    // Nothing fires because of the change itself: the next firing is on the grid.
    await world.clock.advance(SECOND);
    expect(world.telemetry.count('firing.planned')).toBe(before);
    await world.clock.advanceTo('2026-11-24T12:55:00Z');
    expect(fired(world)).toEqual(expected.map((time) => `2026-11-24T${time}:00Z`));
    expectOnce(world);
  });

  test('while paused due times are counted, not fired', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [{ ...every('45 * * * *'), paused: true }] });
    start(world);
    await world.clock.advanceTo('2026-11-24T12:00:00Z');
    expect(missed(world)).toEqual([{ count: 1, result: 'paused' }, { count: 1, result: 'paused' }]);
    expect(world.cloud.calls('volumePages')).toBe(0);
  });

  test('a changed schedule counts at once, also one that was asleep for long (A11)', async () => {
    const world = new World({ now: '2026-11-24T06:59:30Z', policies: [every('0 0 1 1 *')] });
    const { scheduler } = start(world);
    await world.clock.advance(MINUTE);
    world.setPolicies(every('* * * * *'));
    scheduler.policiesChanged();
    await world.clock.advanceTo('2026-11-24T07:02:00Z');
    expect(fired(world)).toEqual(['2026-11-24T07:01:00Z', '2026-11-24T07:02:00Z']);
  });

  test('the run planned before a change is not the one that runs after it (A11)', async () => {
    const world = new World({ now: '2026-11-24T06:58:30Z', policies: [every('*/1 * * * *')] });
    const { scheduler } = start(world);
    await world.clock.advanceTo('2026-11-24T07:00:30Z');
    await world.finish(world.deps(), 20 * SECOND);
    world.setPolicies(policyOf('p', { schedule: { cron: ['0 8 * * *'] }, snapshot: { force: false } }));
    scheduler.policiesChanged();
    const before = world.cloud.creates.length;
    await world.clock.advanceTo('2026-11-24T07:59:59Z');
    expect(fired(world)).toEqual(['2026-11-24T06:59:00Z', '2026-11-24T07:00:00Z']);
    world.setPolicies(policyOf('p', { schedule: { cron: ['0 8 * * *'] }, snapshot: { force: true } }));
    scheduler.policiesChanged();
    await world.clock.advanceTo('2026-11-24T08:00:00Z');
    await world.finish(world.deps(), HOUR);
    expect(world.cloud.creates.slice(before).map(({ force, metadata }) => [force, metadata['snapkeep_due']])).toEqual([[true, '2026-11-24T08:00:00Z']]);
  });
});

describe('catching up', () => {
  /** The policy is known, fires once, and then nobody is there from 10:20 until `back`. */
  async function downUntil(back: string, schedule: Partial<Policy['schedule']>): Promise<World> {
    const world = new World({ now: '2026-11-24T10:00:01Z', policies: [every('*/15 * * * *', schedule)] });
    const first = start(world);
    await world.clock.advanceTo('2026-11-24T10:20:00Z');
    await first.stop();
    await world.clock.jumpTo(back);
    start(world);
    await world.clock.advance(0);
    return world;
  }
  const first = '2026-11-24T10:15:00Z';

  test.each([
    ['none', '2026-11-24T11:20:00Z', DAY, [], 4],
    ['latest', '2026-11-24T11:20:00Z', DAY, ['11:15 catch-up'], 3],
    ['all', '2026-11-24T11:20:00Z', DAY, ['10:30 catch-up', '10:45 catch-up', '11:00 catch-up', '11:15 catch-up'], 0],
    // The window counts from the due time, both ends in.
    ['all', '2026-11-24T11:20:00Z', 35 * MINUTE, ['10:45 catch-up', '11:00 catch-up', '11:15 catch-up'], 1],
    ['all', '2026-11-24T11:20:00.001Z', 35 * MINUTE, ['11:00 catch-up', '11:15 catch-up'], 2],
    ['latest', '2026-11-24T11:20:00Z', 5 * MINUTE, ['11:15 catch-up'], 3],
    ['latest', '2026-11-24T11:20:00.001Z', 5 * MINUTE, [], 4],
    // The newest is still on time a minute later: no catch-up, whatever the policy says of it.
    ['none', '2026-11-24T11:16:00Z', DAY, ['11:15'], 3],
    ['none', '2026-11-24T11:16:00.001Z', DAY, [], 4],
    ['latest', '2026-11-24T11:15:30Z', 0, ['11:15'], 3],
    ['all', '2026-11-24T11:15:00Z', DAY, ['10:30 catch-up', '10:45 catch-up', '11:00 catch-up', '11:15'], 0],
    ['none', '2026-11-24T10:29:59Z', DAY, [], 0],
  ] as const)('%s, back at %s, window %i: %o', async (catchUp, back, window, expected, letGo) => {
    const world = await downUntil(back, { catchUp, catchUpWindow: durationMs(window) });
    expect(fired(world)).toEqual([first, ...expected.map((text) => text.replace(/^(\d\d:\d\d)/, '2026-11-24T$1:00Z'))]);
    expect(missed(world)).toEqual(letGo === 0 ? [] : [{ count: letGo, result: 'missed' }]);
    await world.clock.advanceTo('2026-11-24T11:30:00Z');
    expect(fired(world).at(-1)).toBe('2026-11-24T11:30:00Z');
    expectOnce(world);
  });

  test.each([101, 5_003])('%i missed starts: one catch-up, all others counted, the next on time (A06)', async (count) => {
    const world = new World({ now: '2026-11-01T00:00:01Z', policies: [every('*/5 * * * *', { catchUp: 'latest' })] });
    const before = start(world);
    await world.clock.advance(SECOND);
    await before.stop();
    await world.clock.jumpTo(world.clock.now() + count * 5 * MINUTE);
    start(world);
    await world.clock.advance(0);
    const newest = Math.floor(world.clock.now() / (5 * MINUTE)) * 5 * MINUTE;
    // A second after the due time it is still on time.
    expect(world.telemetry.of('firing.planned').map(({ due }) => due)).toEqual([newest]);
    expect(missed(world).reduce((sum, each) => sum + each.count, 0)).toBe(count - 1);
    await world.clock.advance(5 * MINUTE);
    expect(world.telemetry.of('firing.planned').map(({ due }) => due)).toEqual([newest, newest + 5 * MINUTE]);
  });

  test('all of a long backlog, oldest first, each once', async () => {
    const world = new World({ now: '2026-11-01T00:00:01Z', policies: [every('* * * * *', { catchUp: 'all', catchUpWindow: durationMs(7 * DAY) })], volumes: [] });
    const before = start(world);
    await world.clock.advance(SECOND);
    await before.stop();
    await world.clock.jumpTo('2026-11-02T16:00:30Z');
    start(world);
    await world.clock.advance(0);
    const dues = world.telemetry.of('firing.planned').map(({ due }) => due);
    expect(dues).toEqual(Array.from({ length: 40 * 60 }, (_, n) => at('2026-11-01T00:01:00Z') + n * MINUTE));
    expect(missed(world)).toEqual([]);
  });
});

describe('restarts and replicas', () => {
  test('stopped and started anew around due times: each fires once', async () => {
    const world = new World({ now: '2026-11-24T10:00:01Z', policies: [every('* * * * *', { catchUp: 'all' })] });
    for (let n = 0; n < 40; n += 1) {
      const each = start(world);
      await world.clock.advance(7 * SECOND);
      await each.stop();
      await world.clock.advance((n % 5) * 11 * SECOND);
    }
    const last = start(world);
    await world.clock.advance(MINUTE);
    await last.stop();
    const dues = world.telemetry.of('firing.planned').map(({ due }) => due);
    const minutes = Math.floor((world.clock.now() - at('2026-11-24T10:00:00Z')) / MINUTE);
    expect(dues).toEqual(Array.from({ length: minutes }, (_, n) => at('2026-11-24T10:01:00Z') + n * MINUTE));
  });

  test('killed at every step of a due time: the next one fires it, and everything runs once', async () => {
    const policy = every('45 * * * *');
    const world0 = new World({ now: '2026-11-24T10:40:00Z', policies: [policy] });
    const all = new CrashAt(Infinity);
    const clean = start(world0, gatedDeps(world0, all.gate));
    await world0.clock.advanceTo('2026-11-24T10:45:00Z');
    await clean.stop();
    expect(all.points).toContain('after ledger.advanceWatermark');

    for (const [n, point] of all.points.entries()) {
      const world = new World({ now: '2026-11-24T10:40:00Z', policies: [policy] });
      const first = start(world, gatedDeps(world, new CrashAt(n).gate));
      await world.clock.advanceTo('2026-11-24T10:45:00Z');
      await crashes(() => first.stop());
      await world.clock.advance(5 * SECOND);
      // A policy whose record was not even begun starts now: its first due time is the next one.
      const known = (await world.ledger.policyStates(['p'])).has('p') && n > 1;
      start(world, { ...world.deps(), replica: 'replica-2' });
      await world.clock.advance(40 * SECOND);
      await world.finish(world.deps(), MINUTE);
      const runs = await world.runs();
      expect(runs.map(({ outcome }) => outcome), point).toEqual(known ? ['available'] : []);
      expect(world.cloud.creates, point).toHaveLength(known ? 1 : 0);
      for (const each of running) await each.stop();
    }
  });

  test('three replicas: every due time once, none lost when two of them go', async () => {
    const world = new World({ now: '2026-11-24T10:00:01Z', policies: [every('* * * * *'), every('*/5 * * * *', {}, 'q')], volumes: ['vol-1', 'vol-2'] });
    world.cloud.creationMs = 0;
    const replicas = ['a', 'b', 'c'].map((replica) => start(world, { ...world.deps(), replica }));
    await world.clock.advance(10 * MINUTE);
    await replicas[0]?.stop();
    await world.clock.advance(10 * MINUTE);
    await replicas[1]?.stop();
    await world.clock.advance(10 * MINUTE);
    await world.finish(world.deps(), MINUTE);
    const firings = [...(await world.ledger.firings('p', 100)), ...(await world.ledger.firings('q', 100))];
    expect(firings).toHaveLength(30 + 6);
    expect(firings.every(({ total }) => total === 2)).toBe(true);
    expect(world.telemetry.of('policy.missed')).toEqual([]);
    expect(Math.max(...world.telemetry.of('firing.planned').map(({ lagMs }) => lagMs))).toBeLessThan(MINUTE);
  });

  test('a replica that another one has left waiting for a firing looks again soon', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
    start(world);
    await settle();
    await world.ledger.acquireLease('plan:p', 'a replica that died', durationMs(6.5 * MINUTE));
    await world.clock.advanceTo('2026-11-24T10:46:29Z');
    expect(fired(world)).toEqual([]);
    await world.clock.advanceTo('2026-11-24T10:46:30Z');
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z catch-up']);
  });
});

describe('what stands in the way', () => {
  test('one slow cloud does not hold up the other policies', async () => {
    const world = new World({ now: '2026-11-24T10:00:01Z', policies: [every('* * * * *', {}, 'slow'), every('* * * * *', {}, 'quick')] });
    const gate = Promise.withResolvers<void>();
    world.setPolicies(policyOf('slow', { schedule: { cron: ['* * * * *'] }, volumes: { ids: ['vol-1'], match: null } }), every('* * * * *', {}, 'quick'));
    world.cloud.beforeCall = async (operation) => {
      if (operation === 'showVolume') await gate.promise;
    };
    start(world);
    await world.clock.advance(5 * MINUTE);
    expect(fired(world, 'quick')).toHaveLength(5);
    expect(world.telemetry.of('firing.planned').filter(({ policy }) => policy === 'quick').map(({ lagMs }) => lagMs)).toEqual([0, 0, 0, 0, 0]);
    expect(fired(world, 'slow')).toEqual([]);
    gate.resolve();
    await world.clock.advance(0);
    // The one that was under way, and of those that came meanwhile the newest.
    expect(fired(world, 'slow')).toEqual(['2026-11-24T10:01:00Z', '2026-11-24T10:05:00Z']);
    expectOnce(world);
  });

  test('very many policies are begun with a hundred at a time, each by a time of its own: no turn of the event loop holds them all', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: Array.from({ length: 250 }, (_, n) => every('45 * * * *', {}, `p${n}`)) });
    const calls: string[] = [];
    start(world, gatedDeps(world, async (point) => void calls.push(point)));
    await settle();
    expect(calls.filter((point) => point === 'before ledger.policyStates')).toHaveLength(3);
    await world.clock.advanceTo('2026-11-24T10:46:00Z');
    expect(world.telemetry.of('firing.planned')).toHaveLength(250);
  });

  test('volumes that cannot be listed: told, and tried again until they can', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
    world.cloud.failNext('volumePages', answers.unavailable(), answers.reset(), answers.throttled());
    start(world);
    await world.clock.advanceTo('2026-11-24T10:45:25Z');
    expect(fired(world)).toEqual([]);
    expect(world.telemetry.of('firing.plan_failed').map(({ errorCode }) => errorCode)).toEqual(['serviceUnavailable', 'reset', 'APIGW.0308']);
    await world.clock.advance(5 * SECOND);
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z']);
    expect(missed(world)).toEqual([]);
    expect(await world.runs()).toHaveLength(1);
  });

  test('begun in time and held up by the cloud for longer than catch-up allows: fired all the same, up to the deadline', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *', { catchUp: 'none' })] });
    let isAway = false;
    world.cloud.beforeCall = async () => {
      if (isAway) throw answers.unavailable();
    };
    start(world);
    await settle();
    isAway = true;
    await world.clock.advanceTo('2026-11-24T11:10:00Z');
    expect(fired(world)).toEqual([]);
    isAway = false;
    await world.clock.advance(10 * SECOND);
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z']);
    expect(missed(world)).toEqual([]);

    isAway = true;
    await world.clock.advanceTo('2026-11-24T15:46:00Z');
    isAway = false;
    await world.clock.advance(20 * SECOND);
    // What is past its deadline is let go and counted, and nothing of it stays open.
    const after = fired(world).slice(1);
    expect(after).not.toContain('2026-11-24T11:45:00Z');
    expect(after).toContain('2026-11-24T15:45:00Z');
    expect(after.length + missed(world).reduce((sum, each) => sum + each.count, 0)).toBe(5);
    await world.finish(world.deps(), MINUTE);
    expect(await world.ledger.openFirings()).toEqual([]);
    expectOnce(world);
  });

  test('a failure that is none of the cloud is told and tried again', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
    let failures = 2;
    world.cloud.beforeCall = async () => {
      failures -= 1;
      if (failures >= 0) throw new TypeError('a bug');
    };
    start(world);
    await world.clock.advanceTo('2026-11-24T10:45:19Z');
    expect(world.telemetry.of('loop.failed')).toMatchObject([{ loop: 'policy p', errorMessage: 'a bug' }, { loop: 'policy p' }]);
    await world.clock.advance(SECOND);
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z']);
  });

  test('a store that is away ends the loop, and the next loop goes on where it was', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
    const deps = world.deps();
    const first = start(world, { ...deps, ledger: Object.assign(Object.create(world.ledger) as typeof world.ledger, { now: async () => Promise.reject(new Error('Redis is away')) }) });
    await expect(first.stop()).rejects.toThrow('Redis is away');

    const now = world.ledger.now.bind(world.ledger);
    const second = start(world);
    await world.clock.advanceTo('2026-11-24T10:44:00Z');
    world.ledger.now = async () => Promise.reject(new Error('Redis is away'));
    await world.clock.advanceTo('2026-11-24T10:50:00Z');
    await expect(second.stop()).rejects.toThrow('Redis is away');
    world.ledger.now = now;
    start(world);
    await world.clock.advance(0);
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z catch-up']);
  });

  test('stops while a firing is being planned; what was begun is finished by the next', async () => {
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
    const reached = Promise.withResolvers<void>();
    const gate = Promise.withResolvers<void>();
    world.cloud.beforeCall = async () => {
      reached.resolve();
      await gate.promise;
    };
    const first = start(world);
    await world.clock.advanceTo('2026-11-24T10:45:00Z');
    await reached.promise;
    const stopped = first.stop();
    gate.resolve();
    await stopped;
    expect(fired(world)).toEqual([]);
    expect(world.telemetry.of('loop.failed')).toEqual([]);
    start(world);
    await world.clock.advance(0);
    expect(fired(world)).toEqual(['2026-11-24T10:45:00Z']);
  });
});
