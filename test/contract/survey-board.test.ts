import { describe, expect, test } from 'vitest';
import type { Survey, SurveyBoard } from '#app/ports/survey-board';
import { instant } from '#domain/time';
import { keysOf } from '../../src/adapters/redis/keys.ts';
import { RedisSurveyBoard } from '../../src/adapters/redis/redis-survey-board.ts';
import { FakeSurveyBoard } from '../fakes/fake-survey-board.ts';
import { oneRedis } from '../support/one-redis.ts';

const survey: Survey = { at: instant(1_764_000_000_000), revision: 'r1', volumes: 12, unprotected: 2, examples: [{ id: 'vol-1', name: 'db: "1"' }, { id: 'vol-2', name: null }] };

function surveyBoardContract(make: () => SurveyBoard): void {
  test('gives back what was written last of each target, and nothing of one that was forgotten', async () => {
    const board = make();
    expect(await board.read()).toEqual(new Map());
    await board.write('eu', survey);
    await board.write('us', { ...survey, unprotected: 0, examples: [] });
    await board.write('eu', { ...survey, revision: 'r2' });
    expect(await board.read()).toEqual(new Map([['eu', { ...survey, revision: 'r2' }], ['us', { ...survey, unprotected: 0, examples: [] }]]));
    await board.forget(['eu', 'unknown']);
    await board.forget([]);
    expect([...(await board.read()).keys()]).toEqual(['us']);
  });
}

describe('FakeSurveyBoard', () => {
  surveyBoardContract(() => new FakeSurveyBoard());
});

describe('RedisSurveyBoard', () => {
  const redis = oneRedis();
  let instances = 0;

  surveyBoardContract(() => new RedisSurveyBoard(redis.client(), `contract-${(instances += 1)}`));

  test.each(['', 'not JSON', '{}', '{"at":"yesterday"}'])('what cannot be read (%j) counts as none, and hides no other', async (broken) => {
    const instance = `contract-${(instances += 1)}`;
    const board = new RedisSurveyBoard(redis.client(), instance);
    await board.write('eu', survey);
    await redis.client().hset(keysOf(instance).surveys, 'us', broken);
    expect(await board.read()).toEqual(new Map([['eu', survey]]));
  });
});
