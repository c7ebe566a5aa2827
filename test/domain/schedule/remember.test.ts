import { describe, expect, it } from 'vitest';
import { remembered } from '#domain/schedule/remember';

describe('remembered', () => {
  it('makes an answer once, also where it is undefined', () => {
    const remember = remembered<number | undefined>(10);
    let made = 0;
    const make = (value: number | undefined) => () => {
      made += 1;
      return value;
    };

    expect([remember('a', make(1)), remember('a', make(2)), remember('b', make(undefined)), remember('b', make(3))]).toEqual([1, 1, undefined, undefined]);
    expect(made).toBe(2);
  });

  it('lets the older half go when it is full', () => {
    const remember = remembered<string>(4);
    for (const key of ['a', 'b', 'c', 'd', 'e']) remember(key, () => 'first');

    expect(['c', 'd', 'e', 'a', 'b'].map((key) => remember(key, () => 'again'))).toEqual(['first', 'first', 'first', 'again', 'again']);
  });
});
