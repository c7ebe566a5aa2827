import { describe, expect, test } from 'vitest';
import { SECOND } from '#domain/time';
import { cron, fileOf } from '../fakes/fake-policy-files.ts';
import { watching } from './reload-scene.ts';

const NIGHTLY = fileOf([['nightly', cron('0 2 * * *')]]);
const BROKEN = fileOf([['nightly', cron('0 2 * * *')], ['wrong', cron('61 * * * *')]]);

describe('a good new version', () => {
  test('is in force within five seconds, and told with what changes in the plan', async () => {
    await using scene = watching(fileOf([['a', cron('0 2 * * *')], ['b', cron('0 3 * * *')], ['c', cron('0 4 * * *')]]));
    const before = scene.reload.state().loadedAt;
    scene.files.write(fileOf([['a', `${cron('0 2 * * *')}, snapshot: { force: true }`], ['b', cron('0 5 * * *')], ['d', `${cron('0 6 * * *')}, paused: true`], ['e', cron('0 7 * * *')]], { target: 'requestsPerSecond: 5' }));
    await scene.clock.advance(5 * SECOND);

    expect(scene.policies.current().policies.map(({ name }) => name)).toEqual(['a', 'b', 'd', 'e']);
    expect(scene.policies.policy('a')?.snapshot.force).toBe(true);
    expect(scene.policies.policy('c')).toBeNull();
    expect(scene.policies.target('eu-prod')?.limits.requestsPerSecond).toBe(5);
    expect(scene.telemetry.of('config.reloaded')).toEqual([
      {
        policies: 4,
        targets: 1,
        revision: scene.policies.current().revision,
        policiesAdded: { count: 2, names: ['d', 'e'] },
        policiesRemoved: { count: 1, names: ['c'] },
        policiesChanged: { count: 2, names: ['a', 'b'] },
        targetsAdded: null,
        targetsRemoved: null,
        targetsChanged: { count: 1, names: ['eu-prod'] },
        notificationsChanged: false,
        nextDueChanged: { count: 2, names: ['b 2026-11-25T05:00:00Z', 'e 2026-11-25T07:00:00Z'] },
      },
    ]);
    expect(scene.changes).toMatchObject([{ policies: { added: ['d', 'e'], removed: ['c'], changed: ['a', 'b'] }, targets: { changed: ['eu-prod'] } }]);
    expect(scene.reload.state().successful).toBe(true);
    expect(scene.reload.state().loadedAt).toBeGreaterThan(before);
  });

  test('of a thousand policies is told in bounded lists', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(fileOf(Array.from({ length: 1_000 }, (_, n) => [`p${n}`, cron('0 2 * * *')] as const)));
    await scene.clock.advance(5 * SECOND);
    const [told] = scene.telemetry.of('config.reloaded');
    expect([told?.policiesAdded?.count, told?.policiesAdded?.names.length, told?.nextDueChanged?.count]).toEqual([1_000, 20, 1_000]);
  });

  test('with warnings brings them', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(fileOf([['nightly', 'schedule: { cron: "0 2 * * *" }']]));
    await scene.clock.advance(5 * SECOND);
    expect(scene.telemetry.names()).toEqual(['config.reloaded', 'config.warning']);
    expect(scene.telemetry.of('config.warning')).toMatchObject([{ file: 'policies.yaml', line: 6, errorMessage: expect.stringContaining('everything is kept') }]);
  });

  test('without policies is in force too: nothing fires any more', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(fileOf([]));
    await scene.clock.advance(5 * SECOND);
    expect(scene.policies.current().policies).toEqual([]);
    expect(scene.telemetry.of('config.reloaded')).toMatchObject([{ policies: 0, policiesRemoved: { names: ['nightly'] } }]);
  });

  test('that says the same in other words changes no policy', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(`# the same\n${NIGHTLY}`);
    await scene.clock.advance(5 * SECOND);
    expect(scene.telemetry.of('config.reloaded')).toMatchObject([{ policiesAdded: null, policiesRemoved: null, policiesChanged: null, targetsChanged: null, nextDueChanged: null }]);
  });
});

describe('a bad new version', () => {
  test('is refused whole and told once with file, line and column; the last good one stays', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(BROKEN);
    await scene.clock.advance(60 * SECOND);
    expect(scene.telemetry.of('config.refused')).toEqual([{ problems: 1, errorMessage: expect.stringMatching(/^policies\.yaml:7:\d+: policies\[1\]\.schedule\.cron: minute 61 does not exist/) }]);
    expect(scene.policies.current().policies.map(({ name }) => name)).toEqual(['nightly']);
    expect(scene.reload.state().successful).toBe(false);
    expect([scene.changes, scene.files.loads]).toEqual([[], 1]);
  });

  test('each other one is told too, one told before is not told again; the old content ends the matter', async () => {
    await using scene = watching(NIGHTLY);
    const loadedAt = scene.reload.state().loadedAt;
    for (const text of [BROKEN, '', BROKEN]) {
      scene.files.write(text);
      await scene.clock.advance(10 * SECOND);
    }
    expect(scene.telemetry.count('config.refused')).toBe(2);
    scene.files.write(NIGHTLY);
    await scene.clock.advance(10 * SECOND);
    expect(scene.reload.state()).toEqual({ successful: true, loadedAt });
    expect(scene.telemetry.of('config.reloaded')).toMatchObject([{ policies: 1, policiesChanged: null }]);
    expect(scene.changes).toEqual([]);
    for (const text of [BROKEN, fileOf([['other', cron('0 2 * * *')]]), BROKEN]) {
      scene.files.write(text);
      await scene.clock.advance(10 * SECOND);
    }
    expect(scene.telemetry.count('config.refused')).toBe(4);
  });

  test('many problems are counted, the first few told', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(fileOf(Array.from({ length: 12 }, (_, n) => [`p${n}`, cron('61 * * * *')] as const)));
    await scene.clock.advance(5 * SECOND);
    const [told] = scene.telemetry.of('config.refused');
    expect(told?.problems).toBe(12);
    expect(told?.errorMessage.split(' | ')).toHaveLength(6);
    expect(told?.errorMessage).toMatch(/ \| and 7 more; snapkeep validate shows all$/);
  });

  test('another instance is refused: it wants a restart', async () => {
    await using scene = watching(NIGHTLY);
    scene.files.write(NIGHTLY.replace('instance: prod', 'instance: other'));
    await scene.clock.advance(5 * SECOND);
    expect(scene.telemetry.of('config.refused')).toEqual([
      { problems: 1, errorMessage: 'policies.yaml:2:11: instance: instance is "other" here and "prod" in the running service, whose snapshots and records bear that name; write it back, or restart the service to begin anew under the other one' },
    ]);
    expect(scene.policies.current().instance).toBe('prod');
  });
});

describe('looking', () => {
  test('the same content written again does nothing', async () => {
    await using scene = watching(NIGHTLY);
    for (let n = 0; n < 5; n += 1) {
      scene.files.write(NIGHTLY);
      await scene.clock.advance(2 * SECOND);
    }
    expect(scene.files.looks).toBeGreaterThanOrEqual(5);
    expect([scene.telemetry.events, scene.changes, scene.files.loads]).toEqual([[], [], 0]);
  });

  test('a file cut off in the middle of a write, even where what is there is valid, is waited for', async () => {
    await using scene = watching(fileOf([['a', cron('0 2 * * *')], ['b', cron('0 3 * * *')]]));
    await scene.clock.advance(1_999);
    scene.files.write(fileOf([['a', cron('0 9 * * *')]]));
    await scene.clock.advance(400);
    scene.files.write(fileOf([['a', cron('0 9 * * *')], ['b', cron('0 3 * * *')]]));
    await scene.clock.advance(5 * SECOND);
    expect(scene.telemetry.of('config.reloaded')).toMatchObject([{ policies: 2, policiesRemoved: null, policiesChanged: { names: ['a'] } }]);
    expect(scene.telemetry.count('config.refused')).toBe(0);
  });

  test('a file that never comes to rest is taken as it is', async () => {
    await using scene = watching(NIGHTLY);
    for (let n = 0; n < 50; n += 1) {
      scene.files.write(`${NIGHTLY}# ${n}\n`);
      await scene.clock.advance(100);
    }
    expect(scene.telemetry.count('config.reloaded')).toBeGreaterThanOrEqual(1);
  });
});
