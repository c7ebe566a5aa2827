import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VolumeMatch } from '#domain/policy';
import { matchesGlob, matchesVolume, selectsVolume } from '#domain/selection';
import type { Volume } from '#domain/volume';

const volume: Volume = {
  id: '33e79572-0704-4a6d-b19c-34ec04a3497f',
  name: 'db-1',
  status: 'in-use',
  sizeGb: 10,
  availabilityZone: 'eu-west-101a',
  metadata: { tier: 'gold', owner: 'payments' },
  tags: { backup: 'nightly' },
  createdAt: null,
};

describe('matchesVolume', () => {
  it.each<[why: string, match: VolumeMatch, expected: boolean]>([
    ['no key', {}, true],
    ['a glob in the name', { name: ['db-*'] }, true],
    ['one of several names', { name: ['web-*', 'db-?'] }, true],
    ['another name', { name: ['web-*'] }, false],
    ['a name in other case', { name: ['DB-*'] }, false],
    ['a tag', { tags: { backup: ['nightly'] } }, true],
    ['one of several values', { metadata: { tier: ['silver', 'gold'] } }, true],
    ['a key that is not there', { tags: { other: ['x'] } }, false],
    ['a key every object has', { tags: { constructor: ['x'], toString: ['y'] } }, false],
    ['every key has to hold', { metadata: { tier: ['gold'], owner: ['web'] } }, false],
    ['every kind of key has to hold', { name: ['db-*'], status: ['available'] }, false],
    ['no glob outside names', { metadata: { tier: ['*'] } }, false],
    ['a zone', { availabilityZone: ['eu-west-101a', 'eu-west-101b'] }, true],
    ['another zone', { availabilityZone: ['eu-west-101c'] }, false],
    ['a status', { status: ['available', 'in-use'] }, true],
    ['an empty list', { status: [] }, false],
  ])('%s', (_why, match, expected) => {
    expect(matchesVolume(match, volume)).toBe(expected);
  });

  it('takes a volume without a name for one with the empty name', () => {
    expect(matchesVolume({ name: ['*'] }, { ...volume, name: null })).toBe(true);
    expect(matchesVolume({ name: ['?*'] }, { ...volume, name: null })).toBe(false);
    expect(matchesVolume({ availabilityZone: ['x'] }, { ...volume, availabilityZone: null })).toBe(false);
  });
});

describe('selectsVolume', () => {
  it.each<[why: string, selection: Parameters<typeof selectsVolume>[0], expected: boolean]>([
    ['nothing', { ids: [], match: null, exclude: null }, false],
    ['an id', { ids: [volume.id], match: null, exclude: null }, true],
    ['an id in capitals', { ids: [volume.id.toUpperCase()], match: null, exclude: null }, true],
    ['a match', { ids: [], match: { name: ['db-*'] }, exclude: null }, true],
    ['an id beside a match that fails', { ids: [volume.id], match: { name: ['web-*'] }, exclude: null }, true],
    ['an id that is excluded', { ids: [volume.id], match: null, exclude: { tags: { backup: ['nightly'] } } }, false],
    ['an exclusion of which one key fails', { ids: [volume.id], match: null, exclude: { name: ['db-*'], status: ['error'] } }, true],
  ])('%s', (_why, selection, expected) => {
    expect(selectsVolume(selection, volume)).toBe(expected);
  });

  it('never takes what is excluded', () => {
    const match = fc.record(
      { name: fc.array(fc.constantFrom('*', 'db-*', 'web')), status: fc.array(fc.constantFrom('in-use', 'available')), tags: fc.constant({ backup: ['nightly'] }) },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.option(match), match, fc.subarray([volume.id, 'other']), (included, excluded, ids) => {
        const selected = selectsVolume({ ids, match: included, exclude: excluded }, volume);

        expect(selected && matchesVolume(excluded, volume)).toBe(false);
      }),
    );
  });
});

describe('matchesGlob', () => {
  it.each<[glob: string, text: string, expected: boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything at all', true],
    ['?', '', false],
    ['?', '🚀', true],
    ['a*b*c', 'aXbYbZc', true],
    ['a*b*c', 'aXbYbZ', false],
    ['*.log', 'a.log.log', true],
    ['a.c', 'abc', false],
    ['[a]', 'a', false],
    ['a\\*', 'a\\x', true],
    ['**', 'x', true],
    ['a*', 'ba', false],
  ])('%j on %j: %s', (glob, text, expected) => {
    expect(matchesGlob(glob, text)).toBe(expected);
  });

  it('agrees with a regular expression', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(letters, fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 8 }), (glob, text) => {
        const pattern = new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`);

        expect(matchesGlob(glob, text)).toBe(pattern.test(text));
      }),
    );
  });

  it('does not run away', () => {
    expect(matchesGlob(`${'*a'.repeat(50)}b`, 'a'.repeat(5_000))).toBe(false);
  });
});
