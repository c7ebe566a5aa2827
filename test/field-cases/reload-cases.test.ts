import { afterEach, describe, expect, test } from 'vitest';
import { manualActions } from '#app/manual-actions';
import { FiringRequests } from '#app/firing-requests';
import type { Actions } from '#app/ports/actions';
import { readStatus } from '#app/read-status';
import { PolicyReload } from '#app/reload-policies';
import { Scheduler } from '#app/scheduler';
import { MINUTE, isoSeconds } from '#domain/time';
import { FakePolicyFiles, fileOf } from '../fakes/fake-policy-files.ts';
import { World } from '../fakes/world.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

type Entry = readonly [name: string, more: string];

const every = (cron: string, more = ''): string => `schedule: { cron: "${cron}" }, retention: { last: 3 }${more}`;

/** A service in all its parts that matter for schedules: it watches its file and fires, on a clock set by hand. */
class Running {
  readonly files: FakePolicyFiles;
  readonly world: World;
  readonly actions: Actions;
  #reloads = 0;

  constructor(now: string, ...entries: readonly Entry[]) {
    this.files = new FakePolicyFiles(fileOf(entries));
    this.world = new World({ now, policies: [] });
    const { clock, telemetry, policies } = this.world;
    const reading = this.files.reading();
    const loaded = reading.load({ now: clock.now() });
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    policies.replace(loaded.set);
    const deps = this.world.deps();
    const scheduler = new Scheduler(deps);
    const requests = new FiringRequests(deps);
    const reload = new PolicyReload({ files: this.files, policies, clock, telemetry, changed: () => scheduler.policiesChanged() }, { digest: reading.digest, loadedAt: clock.now() });
    const nothing = async (): Promise<never> => {
      throw new Error('not asked for here');
    };
    this.actions = manualActions(deps, { prune: nothing, plan: nothing });
    const stopping = new AbortController();
    const loops = [scheduler.run(stopping.signal), requests.run(stopping.signal), reload.run(stopping.signal)];
    stops.push(async () => {
      stopping.abort();
      await Promise.all(loops);
    });
  }

  /** Time passes, and every run that is due is done. */
  async until(time: string): Promise<void> {
    const end = Date.parse(time);
    while (this.world.clock.now() < end) {
      await this.world.clock.advanceTo(Math.min(end, this.world.clock.now() + MINUTE / 2));
      await this.world.work();
      await this.world.watch();
    }
  }

  /** At this time a new version of the file is written. */
  async write(time: string, ...entries: readonly Entry[]): Promise<void> {
    await this.until(time);
    this.files.write(fileOf(entries));
    this.#reloads += 1;
  }

  get fired(): string[] {
    return this.world.telemetry.of('firing.planned').map(({ policy, due, trigger }) => `${policy} ${isoSeconds(due).slice(11, 19)} ${trigger}`);
  }

  async nextDue(): Promise<(string | null)[]> {
    return (await readStatus(this.world)).policies.map(({ nextDue }) => nextDue);
  }

  /** Every version written came into force. */
  get isCurrent(): boolean {
    return this.world.telemetry.count('config.reloaded') === this.#reloads && this.world.telemetry.count('config.refused') === 0;
  }
}

const day = (time: string): string => `2026-11-24T${time}Z`;

describe('A07 velero-io/velero #2433, #6685, #6517: creating, editing or unpausing a schedule fires nothing at once', () => {
  const P: Entry = ['p', every('45 * * * *')];

  test('(a) paused in the file at 10:43 and resumed at 10:50', async () => {
    const service = new Running(day('10:40:00'), P);
    await service.write(day('10:43:00'), ['p', every('45 * * * *', ', paused: true')]);
    await service.until(day('10:44:00'));
    expect(await service.nextDue()).toEqual([null]);
    await service.write(day('10:50:00'), P);
    await service.until(day('10:51:00'));
    expect(await service.nextDue()).toEqual([day('11:45:00')]);
    await service.until(day('11:46:00'));
    expect(service.fired).toEqual(['p 11:45:00 schedule']);
    expect(service.isCurrent).toBe(true);
  });

  test.each([
    [false, ['p 11:45:00 schedule']],
    [true, ['p 10:45:00 catch-up', 'p 11:45:00 schedule']],
  ])('(a) paused by command, resumed with catchUp %o', async (catchUp, expected) => {
    const service = new Running(day('10:40:00'), P);
    await service.until(day('10:43:00'));
    await service.actions.pause('p');
    await service.until(day('10:50:00'));
    await service.actions.resume('p', { catchUp });
    expect(await service.nextDue()).toEqual([day('11:45:00')]);
    await service.until(day('11:46:00'));
    expect(service.fired).toEqual(expected);
    expect(service.world.cloud.creates).toHaveLength(expected.length);
  });

  test('(b) only the metadata edited', async () => {
    const service = new Running(day('10:40:00'), P);
    await service.write(day('10:47:00'), ['p', every('45 * * * *', ', snapshot: { metadata: { team: new } }')]);
    await service.until(day('10:48:00'));
    expect(await service.nextDue()).toEqual([day('11:45:00')]);
    await service.until(day('11:46:00'));
    expect(service.fired).toEqual(['p 10:45:00 schedule', 'p 11:45:00 schedule']);
    expect(service.world.cloud.creates.map(({ metadata }) => metadata['team'])).toEqual([undefined, 'new']);
  });

  test('(c) the expression changed from 45 to 50 at 10:47', async () => {
    const service = new Running(day('10:40:00'), P);
    await service.write(day('10:47:00'), ['p', every('50 * * * *')]);
    await service.until(day('10:48:00'));
    expect(await service.nextDue()).toEqual([day('10:50:00')]);
    await service.until(day('11:51:00'));
    expect(service.fired).toEqual(['p 10:45:00 schedule', 'p 10:50:00 schedule', 'p 11:50:00 schedule']);
  });

  test('(d) a new policy at 10:46', async () => {
    const service = new Running(day('10:40:00'), P);
    await service.write(day('10:46:00'), P, ['new', every('45 * * * *')]);
    await service.until(day('10:47:00'));
    expect(await service.nextDue()).toEqual([day('11:45:00'), day('11:45:00')]);
    await service.until(day('11:46:00'));
    expect(service.fired).toEqual(['p 10:45:00 schedule', 'p 11:45:00 schedule', 'new 11:45:00 schedule']);
  });
});

test('A11 taskforcesh/bullmq #3500, #3378: a changed schedule holds for the very next firing, and so does anything else', async () => {
  const service = new Running(day('06:58:30'), ['p', every('*/1 * * * *', ', snapshot: { force: false }')]);
  await service.write(day('07:00:30'), ['p', every('0 8 * * *', ', snapshot: { force: false }')]);
  await service.until(day('07:30:00'));
  expect(await service.nextDue()).toEqual([day('08:00:00')]);
  await service.write(day('07:59:50'), ['p', every('0 8 * * *', ', snapshot: { force: true }')]);
  await service.until(day('08:01:00'));
  expect(service.fired).toEqual(['p 06:59:00 schedule', 'p 07:00:00 schedule', 'p 08:00:00 schedule']);
  expect(service.world.cloud.creates.map(({ force }) => force)).toEqual([false, false, true]);
  expect(service.isCurrent).toBe(true);
});

test('A18 Dokploy/dokploy #5233, sidekiq-cron/sidekiq-cron #192, open-mercato/open-mercato #3716: removed, renamed and disabled in one reload', async () => {
  const service = new Running(day('10:40:00'), ['removed', every('45 * * * *')], ['old-name', every('45 * * * *')], ['disabled', every('45 * * * *')]);
  await service.write(day('10:50:00'), ['new-name', every('45 * * * *')], ['disabled', every('45 * * * *', ', paused: true')]);
  await service.until(day('12:46:00'));
  expect(service.fired.slice(3)).toEqual(['new-name 11:45:00 schedule', 'new-name 12:45:00 schedule']);
  expect(service.world.cloud.snapshots().map(({ status }) => status)).toEqual(Array<string>(5).fill('available'));
  expect(service.world.cloud.deleted).toEqual([]);
});

describe('A37 supernovae-st/nika #1351, typeclaw/typeclaw #1161: one bad entry, or a broken edit, stops nothing', () => {
  const good: readonly Entry[] = [['a', every('0 * * * *')], ['b', every('10 * * * *')], ['c', every('20 * * * *')]];
  const hour = (hours: string): string[] => [`a ${hours}:00:00 schedule`, `b ${hours}:10:00 schedule`, `c ${hours}:20:00 schedule`];

  test.each([
    ['the second policy gets minute 61', fileOf([['a', every('0 * * * *')], ['b', every('61 * * * *')], ['c', every('20 * * * *')]]), /policies\.yaml:7:\d+: policies\[1\]\.schedule\.cron: minute 61 does not exist/],
    ['the file is cut off', fileOf(good).slice(0, -40), /policies\.yaml:\d+:\d+: /],
    ['the file is emptied', '', /policies\.yaml:1:1: /],
  ])('%s', async (_, broken, message) => {
    const service = new Running(day('10:30:00'), ...good);
    service.files.write(broken);
    await service.until(day('12:30:00'));
    expect(service.fired).toEqual([...hour('11'), ...hour('12')]);
    expect(service.world.telemetry.of('config.refused')).toEqual([{ problems: expect.any(Number), errorMessage: expect.stringMatching(message) }]);
    service.files.write(fileOf(good.slice(0, 1)));
    await service.until(day('13:30:00'));
    expect(service.fired.slice(6)).toEqual(['a 13:00:00 schedule']);
  });
});
