import { expect, test } from 'vitest';
import { readUnprotected, VolumeSurvey } from '#app/survey-volumes';
import { HOUR, MINUTE } from '#domain/time';
import { answers } from '../fakes/cloud-answers.ts';
import { FakeSurveyBoard } from '../fakes/fake-survey-board.ts';
import { TARGET, World, policyOf } from '../fakes/world.ts';

function scene(world: World) {
  const board = new FakeSurveyBoard();
  const deps = { ...world.deps(), board };
  const stop = new AbortController();
  return {
    board,
    another: () => new VolumeSurvey({ ...deps, replica: 'replica-2' }),
    unprotected: () => readUnprotected(deps),
    /** Lets a scheduler's survey run for so long. */
    async run(ms: number): Promise<void> {
      const ended = new VolumeSurvey(deps).run(stop.signal);
      await world.clock.advance(ms);
      stop.abort();
      await ended;
    },
  };
}

const tagged = policyOf('tagged', { volumes: { match: { tags: { backup: ['nightly'] } } } });
const named = policyOf('named', { paused: true, volumes: { match: { name: ['db-*'] }, exclude: { metadata: { scratch: ['true'] } } } });

function volumes(world: World): void {
  world.cloud.addVolume('vol-tagged', { tags: { backup: 'nightly' } });
  world.cloud.addVolume('vol-db', { name: 'db-1' });
  world.cloud.addVolume('vol-scratch', { name: 'db-2', metadata: { scratch: 'true' } });
  world.cloud.addVolume('vol-none', { name: null });
}

test('counts what no policy of the target matches: an excluded volume too, one of a paused policy not', async () => {
  const world = new World({ policies: [tagged, named], volumes: [] });
  volumes(world);
  const { run, unprotected, board } = scene(world);
  expect(await unprotected()).toEqual([]);
  await run(2 * MINUTE);
  expect(await unprotected()).toEqual([{ target: TARGET, volumes: 2 }]);
  expect((await board.read()).get(TARGET)).toMatchObject({ volumes: 4, unprotected: 2, examples: [{ id: 'vol-scratch', name: 'db-2' }, { id: 'vol-none', name: null }] });
  expect(world.telemetry.of('target.unprotected')).toEqual([{ target: TARGET, volumes: 2, of: 4, examples: ['db-2', 'vol-none'] }]);
});

test('one listing an hour for all policies and replicas, behind the calls of runs', async () => {
  const world = new World({ policies: [tagged, named] });
  const { run, another } = scene(world);
  const other = another();
  const stop = new AbortController();
  const ended = other.run(stop.signal);
  await run(4 * HOUR + MINUTE);
  stop.abort();
  await ended;
  expect(world.cloud.calls('volumePages')).toBe(5);
  expect(world.cloud.calls('volumePages', 'prune')).toBe(5);
});

test('changed policies are asked anew within a minute or two', async () => {
  const world = new World({ policies: [tagged], volumes: ['vol-1', 'vol-2'] });
  const first = scene(world);
  const stop = new AbortController();
  const ended = first.another().run(stop.signal);
  await world.clock.advance(2 * MINUTE);
  expect(await first.unprotected()).toEqual([{ target: TARGET, volumes: 2 }]);
  world.policies.replace({ ...world.policies.current(), policies: [policyOf('all')], revision: 's2' });
  await world.clock.advance(2 * MINUTE);
  expect(await first.unprotected()).toEqual([{ target: TARGET, volumes: 0 }]);
  stop.abort();
  await ended;
});

test('a listing that fails is told and repeated after ten minutes; what is known grows stale after three hours', async () => {
  const world = new World({ policies: [tagged], volumes: ['vol-1'] });
  const { unprotected, another } = scene(world);
  const survey = another();
  const stop = new AbortController();
  const ended = survey.run(stop.signal);
  world.cloud.failNext('volumePages', answers.timeout());
  await world.clock.advance(5 * MINUTE);
  expect(world.telemetry.of('target.survey_failed')).toMatchObject([{ target: TARGET, kind: 'transient' }]);
  expect(world.cloud.calls('volumePages')).toBe(1);
  await world.clock.advance(10 * MINUTE);
  expect(await unprotected()).toEqual([{ target: TARGET, volumes: 1 }]);
  stop.abort();
  await ended;
  await world.clock.advance(3 * HOUR);
  expect(await unprotected()).toEqual([]);
});

test('a target that is gone is forgotten', async () => {
  const world = new World({ policies: [tagged], volumes: ['vol-1'] });
  const { run, board, another, unprotected } = scene(world);
  await run(2 * MINUTE);
  world.policies.replace({ ...world.policies.current(), targets: [], policies: [] });
  expect(await unprotected()).toEqual([]);
  await another().look(world.signal);
  expect((await board.read()).size).toBe(0);
});
