import { expect, test } from 'vitest';
import { Scheduler } from '#app/scheduler';
import { decideAfterFailure } from '#domain/after-failure';
import { decideDueTimes } from '#domain/schedule/due-times';
import { DAY, HOUR, MINUTE, SECOND, addMs, durationMs, instant, isoSeconds } from '#domain/time';
import { CloudFailure } from '#domain/failure/failure';
import { answers } from '../fakes/cloud-answers.ts';
import { settle } from '../fakes/manual-clock.ts';
import { DUE, TARGET, World, policyOf } from '../fakes/world.ts';
import { CrashAt, crashes, gatedDeps } from '../fakes/gated-ports.ts';
import { reconcile } from '#app/reconcile';

test('exactly 1,000 due times: the newest is not lost', () => {
  const start = instant(0);
  const between = (after: number, until: number, max: number) => {
    const found = [];
    for (let n = Math.floor(after / MINUTE) + 1; n * MINUTE <= until && found.length < max; n += 1) found.push(instant(n * MINUTE));
    return found;
  };
  const step = decideDueTimes({ between, watermark: start, now: instant(1_000 * MINUTE), catchUp: 'latest', catchUpWindow: DAY });
  const rest = step.more ? decideDueTimes({ between, watermark: step.watermark, now: instant(1_000 * MINUTE), catchUp: 'latest', catchUpWindow: DAY }) : null;
  expect([...step.fire, ...(rest?.fire ?? [])]).toEqual([{ due: 1_000 * MINUTE, trigger: 'schedule' }]);
});

test('throttled with Retry-After 0 does not come back at once', () => {
  const next = decideAfterFailure({ failure: answers.throttled('0').failure, tries: 1, attempts: 3, named: false, backoff: durationMs(10 * SECOND) });
  expect(next).toEqual({ kind: 'wait', delay: 10 * SECOND });
});

test('a run that waits for another policy past its deadline ends', async () => {
  const world = new World({ policies: [policyOf('nightly'), policyOf('hourly')] });
  world.cloud.scriptCreates({ ends: 'creating' });
  await world.plan(DUE, world.policy);
  await world.work();
  const other = world.policies.policy('hourly');
  if (other === null) throw new Error('x');
  await world.plan(addMs(DUE, 0), other);
  await world.finish(world.deps(), 5 * HOUR);
  const run = (await world.ledger.runs({ limit: 10, policy: 'hourly' })).runs[0]?.run;
  expect(run).toMatchObject({ outcome: 'skipped' });
});

test('firing.finished is told where the last run ends before the firing is closed', async () => {
  const world = new World();
  world.cloud.scriptCreates({ refuse: answers.plain400() });
  const close = world.ledger.closeFiring.bind(world.ledger);
  world.ledger.closeFiring = async (firing) => {
    await world.work();
    return close(firing);
  };
  await world.plan();
  expect(world.telemetry.count('firing.finished')).toBe(1);
});

test('clock ahead of the store: no spinning', async () => {
  const world = new World({ now: '2026-11-24T10:30:00Z', policies: [policyOf('p', { schedule: { cron: ['0 * * * *'] } })] });
  world.ledger.skewMs = -20_000;
  let asked = 0;
  const now = world.ledger.now.bind(world.ledger);
  world.ledger.now = async () => {
    asked += 1;
    if (asked > 500) throw new Error('spinning');
    return now();
  };
  const stop = new AbortController();
  const ended = new Scheduler(world.deps()).run(stop.signal);
  const outcome = ended.then(() => 'ok', (error: unknown) => (error instanceof Error ? error.message : String(error)));
  await world.clock.advanceTo('2026-11-24T11:00:30Z');
  stop.abort();
  expect(await outcome).toBe('ok');
  expect(world.telemetry.of('firing.planned').map(({ due }) => isoSeconds(due))).toEqual(['2026-11-24T11:00:00Z']);
  expect(asked).toBeLessThan(10);
});

test('policies changed while the scheduler reads the store', async () => {
  const world = new World({ now: '2026-11-24T10:40:00Z', policies: [policyOf('p', { schedule: { cron: ['0 0 1 1 *'] } })] });
  const scheduler = new Scheduler(world.deps());
  const states = world.ledger.policyStates.bind(world.ledger);
  let once = true;
  world.ledger.policyStates = async (names) => {
    if (once) {
      once = false;
      world.setPolicies(policyOf('p', { schedule: { cron: ['* * * * *'] } }));
      scheduler.policiesChanged();
    }
    return states(names);
  };
  const stop = new AbortController();
  const ended = scheduler.run(stop.signal);
  await world.clock.advanceTo('2026-11-24T12:40:30Z');
  stop.abort();
  await ended;
  expect(world.telemetry.count('firing.planned')).toBeGreaterThan(100);
});

test('a lost run is queued again for its share of the spread, not at once', async () => {
  const spread = durationMs(HOUR);
  const world = new World({ policies: [policyOf('nightly', { schedule: { spread } })] });
  await world.plan();
  const before = world.queue.nextAt;
  world.queue.lose((await world.onlyRun()).id);
  await reconcile(world.deps(), TARGET);
  expect(world.queue.nextAt).toBe(before);
});

test('catch-up all: each of the missed due times gets its snapshot', async () => {
  const world = new World({ now: '2026-11-24T10:00:01Z', policies: [policyOf('p', { schedule: { cron: ['*/15 * * * *'], catchUp: 'all' } })] });
  const stop = new AbortController();
  const ended = new Scheduler(world.deps()).run(stop.signal);
  await settle();
  await world.clock.jumpTo('2026-11-24T10:50:00Z');
  await world.clock.advance(1);
  stop.abort();
  await ended;
  await world.finish();
  expect((await world.runs()).map(({ outcome }) => outcome)).toEqual(['available', 'available', 'available']);
});

test('a straggler that cannot be shown does not starve the others', async () => {
  const world = new World({ volumes: ['vol-1', 'vol-2'] });
  await world.plan();
  await world.work();
  await world.clock.advance(5 * SECOND);
  const show = world.cloud.showSnapshot.bind(world.cloud);
  const stuck = (await world.ledger.run((await world.ledger.watched(TARGET, 1))[0] ?? ''))?.run.snapshotId;
  world.cloud.showSnapshot = async (id) => {
    if (id === stuck) throw answers.unavailable();
    return show(id);
  };
  for (let n = 0; n < 5; n += 1) await world.watch().catch((error: unknown) => { if (!(error instanceof CloudFailure)) throw error; });
  expect((await world.runs()).map(({ outcome }) => outcome).toSorted()).toEqual(['available', 'pending']);
});

test('the failed snapshot of a lost answer is deleted', async () => {
  const world = new World();
  world.cloud.scriptCreates({ loseAnswer: answers.timeout(), ends: 'error' });
  await world.plan();
  await world.finish();
  expect(world.cloud.snapshots().map(({ status }) => status)).toEqual(['available']);
});

test('a second snapshot after a kill during the create call is found and removed', async () => {
  const world = new World();
  world.cloud.scriptCreates({ invisibleFor: 31_000 });
  await world.plan();
  const all = new CrashAt(Infinity);
  const probe = new World();
  await probe.plan();
  await probe.work(gatedDeps(probe, all.gate));
  const n = all.points.indexOf('after cloud.createSnapshot');
  expect(n).toBeGreaterThan(0);
  expect(await crashes(() => world.work(gatedDeps(world, new CrashAt(n).gate)))).toBe(true);
  await world.clock.advance(30 * SECOND);
  world.queue.takeOver();
  await world.finish();
  expect(world.cloud.creates).toHaveLength(2);
  expect(world.cloud.snapshots().map(({ id }) => id)).toEqual(['snap-1']);
});
