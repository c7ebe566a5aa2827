import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partsOfRunId, runIdIn, firingIdOf, runIdOf } from '#domain/naming/run-id';
import { addMs, instant } from '#domain/time';

const due = instant(Date.UTC(2026, 10, 24, 2));

describe('runIdOf', () => {
  it('is what it always was', () => {
    // Snapshots in the cloud bear these: a change makes every lost answer a second snapshot.
    expect(runIdOf('prod-backup', 'nightly-db', '33e79572-0704-4a6d-b19c-34ec04a3497f', due)).toBe(
      runIdIn(firingIdOf('prod-backup', 'nightly-db', due), '33e79572-0704-4a6d-b19c-34ec04a3497f'),
    );
    expect(runIdOf('prod-backup', 'nightly-db', '33e79572-0704-4a6d-b19c-34ec04a3497f', due)).toBe('r2db34fa1e0ff0f39672a5c562108903e');
  });

  it('does not count parts of a second', () => {
    expect(runIdOf('i', 'p', 'v', addMs(due, 999))).toBe(runIdOf('i', 'p', 'v', due));
    expect(runIdOf('i', 'p', 'v', addMs(due, 1000))).not.toBe(runIdOf('i', 'p', 'v', due));
  });

  it('suits BullMQ and tells any two runs apart', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 });
    const run = fc.tuple(text, text, text, fc.integer({ min: 0, max: 4_000_000_000 }));
    fc.assert(
      fc.property(run, run, (one, other) => {
        const [instance, policy, volumeId, seconds] = one;
        const id = runIdOf(instance, policy, volumeId, instant(seconds * 1000));
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));

        expect(id).toMatch(/^r[0-9a-f]+$/);
        expect(id).not.toBe(runIdOf(other[0], other[1], other[2], instant(other[3] * 1000)));
        expect(runIdIn(partsOfRunId(id)?.firingId ?? '', volumeId)).toBe(id);
      }),
    );
  });

  it('does not mix up where one part ends and the next begins', () => {
    expect(runIdOf('a', 'bc', 'd', due)).not.toBe(runIdOf('ab', 'c', 'd', due));
    expect(runIdOf('a","b', 'c', 'd', due)).not.toBe(runIdOf('a', 'b","c', 'd', due));
  });
});

describe('partsOfRunId', () => {
  it.each(['', 'r', '2026', 'r12', `x${'0'.repeat(32)}`, `r${'g'.repeat(32)}`])('knows %j for no run id', (text) => {
    expect(partsOfRunId(text)).toBeNull();
  });
});
