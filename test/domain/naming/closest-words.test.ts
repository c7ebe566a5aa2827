import { describe, expect, it } from 'vitest';
import { closestWords } from '#domain/naming/closest-words';

const keys = ['cron', 'timezone', 'spread', 'catchUp', 'catchUpWindow'];

describe('closestWords', () => {
  it.each<[word: string, expected: string[]]>([
    ['timezone', ['timezone']],
    ['timezon', ['timezone']],
    ['time_zone', ['timezone']],
    ['timeznoe', ['timezone']],
    ['Spred', ['spread']],
    ['catchup', ['catchUp']],
    ['corn', ['cron']],
    ['xyz', []],
    ['', []],
    ['every', []],
  ])('%j was likely %j', (word, expected) => {
    expect(closestWords(word, keys)).toEqual(expected);
  });

  it('gives the nearest first, and so many', () => {
    expect(closestWords('catchUp', ['catchUps', 'catch', 'catchUp'], 2)).toEqual(['catchUp', 'catchUps']);
  });
});
