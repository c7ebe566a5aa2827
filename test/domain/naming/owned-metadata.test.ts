import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isHeld, ownedMetadata, ownershipOf } from '#domain/naming/owned-metadata';
import { runIdOf } from '#domain/naming/run-id';
import { instant } from '#domain/time';

const due = instant(Date.UTC(2026, 10, 24, 2));
const ownership = { instance: 'prod', policy: 'nightly', due, runId: runIdOf('prod', 'nightly', 'v', due) };
const metadata = ownedMetadata(ownership);

describe('ownedMetadata', () => {
  it('writes the four keys', () => {
    expect(metadata).toEqual({
      snapkeep_instance: 'prod',
      snapkeep_policy: 'nightly',
      snapkeep_due: '2026-11-24T02:00:00Z',
      snapkeep_run: ownership.runId,
    });
  });

  it('is read back whatever stands beside it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_000_000_000 }), fc.dictionary(fc.string(), fc.string()), (seconds, others) => {
        const owned = { ...ownership, due: instant(seconds * 1000) };

        expect(ownershipOf({ ...others, ...ownedMetadata(owned) })).toEqual(owned);
      }),
    );
  });
});

describe('ownershipOf', () => {
  it.each<[why: string, change: Record<string, string>]>([
    ['no instance', { snapkeep_instance: '' }],
    ['no policy', { snapkeep_policy: '' }],
    ['a due time that is no time', { snapkeep_due: 'yesterday' }],
    ['a due time with an offset', { snapkeep_due: '2026-11-24T02:00:00+01:00' }],
    ['a due time with fractions', { snapkeep_due: '2026-11-24T02:00:00.5Z' }],
    ['a due time that does not exist', { snapkeep_due: '2026-02-30T02:00:00Z' }],
    ['a due time of hour 24', { snapkeep_due: '2026-11-24T24:00:00Z' }],
    ['a due time beyond the clock', { snapkeep_due: '2026-11-24T02:61:00Z' }],
    ['a run id of another kind', { snapkeep_run: '4711' }],
  ])('takes %s for foreign', (_why, change) => {
    expect(ownershipOf({ ...metadata, ...change })).toBeNull();
  });

  it.each(Object.keys(metadata))('takes a missing %s for foreign', (key) => {
    expect(ownershipOf(Object.fromEntries(Object.entries(metadata).filter(([each]) => each !== key)))).toBeNull();
  });
});

describe('isHeld', () => {
  it.each<[string | null, boolean]>([
    ['true', true],
    ['True', true],
    [' true ', true],
    ['false', false],
    ['', false],
    ['yes', false],
    [null, false],
  ])('%j: %s', (value, expected) => {
    expect(isHeld(value === null ? {} : { snapkeep_hold: value })).toBe(expected);
  });
});
