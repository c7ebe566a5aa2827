import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { Scheduler } from '#app/scheduler';
import { supervise } from '#app/supervise';
import { loadPolicies } from '#config/load-policies';
import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { HOUR, MINUTE, SECOND, addMs, isoSeconds } from '#domain/time';
import { Crash, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { World, at, policyOf } from '../fakes/world.ts';
import { tempDir } from '../support/temp-dir.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

/** A scheduler of this world, kept alive as in the service; what ends it is told, never thrown. */
function start(world: World, run?: (scheduler: Scheduler, signal: AbortSignal) => Promise<void>): Scheduler {
  const scheduler = new Scheduler(world.deps());
  const stopping = new AbortController();
  const ended = supervise(world, 'scheduler', async (signal) => (run === undefined ? scheduler.run(signal) : run(scheduler, signal)), stopping.signal);
  stops.push(async () => {
    stopping.abort();
    await ended;
  });
  return scheduler;
}

function every(cron: string, schedule: Partial<Policy['schedule']> = {}, name = 'p'): Policy {
  return policyOf(name, { schedule: { cron: [cron], ...schedule } });
}

function fired(world: World, policy = 'p'): string[] {
  return world.telemetry.of('firing.planned').filter((each) => each.policy === policy).map(({ due }) => isoSeconds(due));
}

test('A01: half-hourly over the end of summer time runs every real half hour, each once', async () => {
  const world = new World({ now: '2026-10-24T23:45:00Z', policies: [every('*/30 * * * *', { timezone: 'Europe/Berlin' })] });
  start(world);
  await world.clock.advanceTo('2026-10-25T04:00:00Z');
  expect(fired(world)).toEqual(Array.from({ length: 9 }, (_, n) => isoSeconds(addMs(at('2026-10-25T00:00:00Z'), n * 30 * MINUTE))));
});

test.each([
  ['America/Santiago', '2026-09-04T12:00:00Z', ['2026-09-05T04:00:00Z', '2026-09-06T04:00:00Z', '2026-09-07T03:00:00Z']],
  ['Africa/Cairo', '2026-04-22T12:00:00Z', ['2026-04-22T22:00:00Z', '2026-04-23T22:00:00Z', '2026-04-24T21:00:00Z']],
])('A02: midnight in %s, whose clocks jump at midnight: no day without a snapshot', async (timezone, now, expected) => {
  const world = new World({ now, policies: [every('0 0 * * *', { timezone })] });
  start(world);
  for (const due of expected) {
    await world.clock.advanceTo(due);
    await world.finish(world.deps(), MINUTE);
  }
  expect(fired(world)).toEqual(expected);
  expect(world.cloud.snapshots().map(({ status, metadata }) => `${status} ${metadata['snapkeep_due']}`)).toEqual(expected.map((due) => `available ${due}`));
});

test.each([
  ['0 3 1-7 * MON', ['2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04', '2026-12-05', '2026-12-06', '2026-12-07', '2026-12-14'], '03:00:00Z', ['2026-12-07', '2027-01-04']],
  ['0 0 13 * 5', ['2026-11-27', '2026-12-04', '2026-12-11', '2026-12-13', '2026-12-18'], '00:00:00Z', ['2027-08-13', '2028-10-13']],
])('A04: %j names both days: either one counts, a warning names it and the one for both', async (cron, either, time, both) => {
  await using dir = await tempDir('a04');
  const file = path.join(dir.path, 'policies.yaml');
  const meant = cron.replace(/\S+$/, '+$&');
  const policy = (name: string, expression: string): string => `  - { name: ${name}, target: t, rpo: 2000d, schedule: { cron: "${expression}" }, volumes: { match: { name: "*" } }, snapshot: { force: true } }\n`;
  await writeFile(file, `apiVersion: snapkeep/v1\ninstance: a04\ntargets:\n  - { name: t, api: evs-v3, endpoint: "https://evs.example", projectId: 0970dd9c1a0026a62fddc0038c52b5eb, auth: { type: token, token: { env: TOKEN } } }\npolicies:\n${policy('either', cron)}${policy('both', meant)}`);
  const now = at('2026-11-24T12:00:00Z');

  const loaded = await loadPolicies([file], { now });

  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  const warnings = loaded.warnings.filter(({ message }) => message.includes('names both'));
  expect(warnings).toMatchObject([{ severity: 'warning', message: expect.stringContaining(`"${cron}" names both`) }]);
  expect(warnings[0]?.message).toContain(`"${meant}"`);
  const dues = (name: string, max: number): string[] => {
    const found = loaded.set.policies.find((each) => each.name === name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return fireTimesOf(found.schedule).between(now, at('2030-01-01T00:00:00Z'), max).map((due) => isoSeconds(due));
  };
  // The Monday of the week of the start is one of them, too.
  const wanted = [...(cron.includes('MON') ? ['2026-11-30'] : []), ...either].map((day) => `${day}T${time}`);
  expect(dues('either', wanted.length)).toEqual(wanted);
  expect(dues('both', 2)).toEqual(both.map((day) => `${day}T${time}`));
});

describe('A09: a worker is killed and its run stays "in progress"', () => {
  test.each([
    ['while it polls', /^before cloud\.(?:snapshotPages|showSnapshot)$/],
    ['after the cloud accepted and before that was recorded', /^after cloud\.createSnapshot$/],
  ])('%s: another takes the same snapshot over, and the next occurrences are on time', async (_, point) => {
    const world = new World({ now: '2026-11-24T01:30:00Z', policies: [every('0 * * * *')] });
    world.cloud.creationMs = 2 * MINUTE;
    start(world);
    await world.clock.advanceTo('2026-11-24T02:00:00Z');
    const killed = gatedDeps(world, async (gate) => {
      if (point.test(gate)) throw new Crash(gate);
    });
    expect(await crashes(async () => {
      await world.work(killed);
      await world.clock.advance(10 * SECOND);
      await world.watch(killed);
    })).toBe(true);
    expect(await world.onlyRun()).toMatchObject({ outcome: 'pending' });
    expect(world.cloud.creates).toHaveLength(1);

    world.queue.takeOver();
    for (const hour of ['03', '04']) {
      await world.finish(world.deps(), 30 * MINUTE);
      await world.clock.advanceTo(`2026-11-24T${hour}:00:00Z`);
    }
    await world.finish(world.deps(), 30 * MINUTE);

    expect(fired(world)).toEqual(['02', '03', '04'].map((hour) => `2026-11-24T${hour}:00:00Z`));
    expect(world.telemetry.of('firing.planned').map(({ lagMs }) => lagMs)).toEqual([0, 0, 0]);
    expect((await world.runs()).map(({ outcome, snapshotId }) => `${outcome} ${snapshotId}`)).toEqual(['available snap-3', 'available snap-2', 'available snap-1']);
    expect(world.cloud.creates).toHaveLength(3);
    const starts = world.cloud.snapshots().map(({ createdAt }) => createdAt);
    expect(starts).toEqual(['02', '03', '04'].map((hour) => at(`2026-11-24T${hour}:00:00Z`)));
  });
});

describe('A18: a policy is removed, renamed and disabled at once', () => {
  test.each([
    ['hot reload', false],
    ['restart', true],
  ])('%s: none of the old ones fires at the next two due times; what they made is kept', async (_, restarts) => {
    const names = ['removed', 'old-name', 'disabled', 'kept'];
    const world = new World({ now: '2026-11-24T10:40:00Z', policies: names.map((name) => every('45 * * * *', {}, name)) });
    const scheduler = start(world);
    await world.clock.advanceTo('2026-11-24T10:45:00Z');
    await world.finish(world.deps(), 10 * MINUTE);
    expect(world.cloud.snapshots()).toHaveLength(4);

    if (restarts) await stops.pop()?.();
    world.setPolicies(every('45 * * * *', {}, 'new-name'), { ...every('45 * * * *', {}, 'disabled'), paused: true }, every('45 * * * *', {}, 'kept'));
    if (restarts) start(world);
    else scheduler.policiesChanged();
    for (const due of ['2026-11-24T11:45:00Z', '2026-11-24T12:45:00Z']) {
      await world.clock.advanceTo(due);
      await world.finish(world.deps(), 10 * MINUTE);
    }

    for (const old of ['removed', 'old-name', 'disabled']) expect(fired(world, old), old).toEqual(['2026-11-24T10:45:00Z']);
    expect(fired(world, 'kept')).toEqual(['10', '11', '12'].map((hour) => `2026-11-24T${hour}:45:00Z`));
    expect(fired(world, 'new-name')).toEqual(['11', '12'].map((hour) => `2026-11-24T${hour}:45:00Z`));
    expect(world.cloud.snapshots()).toHaveLength(8);
    expect(world.cloud.deleted).toEqual([]);
  });
});

test('A42: a scheduler loop that ends quietly is told and started again, and fires what is due', async () => {
  const world = new World({ now: '2026-11-24T10:40:00Z', policies: [every('45 * * * *')] });
  let lives = 0;
  start(world, async (scheduler, signal) => {
    lives += 1;
    // It ends as a stream does: no error, no signal.
    if (lives === 1 || lives === 3) return;
    if (lives === 2) {
      const quiet = new AbortController();
      const life = scheduler.run(AbortSignal.any([signal, quiet.signal]));
      await world.clock.sleepUntil(at('2026-11-24T10:50:00Z'), signal);
      quiet.abort();
      await life;
      return;
    }
    await scheduler.run(signal);
  });
  await world.clock.advanceTo('2026-11-24T11:45:00Z');
  expect(fired(world)).toEqual(['2026-11-24T10:45:00Z', '2026-11-24T11:45:00Z']);
  expect(lives).toBe(4);
  const told = world.telemetry.of('loop.failed');
  expect(told.map(({ loop, errorMessage }) => `${loop}: ${errorMessage}`)).toEqual(Array<string>(3).fill('scheduler: the loop ended by itself'));
  expect(Math.max(...told.map(({ restartMs }) => restartMs))).toBeLessThanOrEqual(2 * SECOND);
  expect(world.clock.now()).toBe(addMs(at('2026-11-24T10:45:00Z'), HOUR));
});
