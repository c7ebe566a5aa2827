import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nextOverdueAt, overdueChanges } from '#domain/notification/overdue';
import { failedRuns, runFailedNotice } from '#domain/notification/run-failed';
import { isOverdue } from '#domain/rpo-lag';
import { ended, newRun } from '#domain/run';
import { HOUR, addMs, durationMs, instant } from '#domain/time';
import { at } from './samples.ts';

const now = at('2026-11-25T12:00:00Z');
const rpo = durationMs(26 * HOUR);

function volume(volumeId: string, lastGoodAgo: number | null, seenAgo = 1_000 * HOUR): { volumeId: string; lastGoodAt: ReturnType<typeof at> | null; firstSeenAt: ReturnType<typeof at> } {
  return { volumeId, lastGoodAt: lastGoodAgo === null ? null : addMs(now, -lastGoodAgo), firstSeenAt: addMs(now, -seenAgo) };
}

describe('changes', () => {
  test('overdue is told once, recovered after it, and nothing of a volume that left the policy', () => {
    const volumes = [volume('late', 27 * HOUR), volume('at-the-limit', rpo), volume('told', 30 * HOUR), volume('back', HOUR), volume('never', null, 27 * HOUR), volume('fine', HOUR)];

    expect(overdueChanges(volumes, new Set(['told', 'back', 'left']), rpo, now)).toEqual({
      overdue: [
        { volumeId: 'late', since: addMs(now, -HOUR) },
        { volumeId: 'never', since: addMs(now, -HOUR) },
      ],
      recovered: [{ volumeId: 'back', since: addMs(now, -HOUR) }],
      gone: ['left'],
    });
  });

  test('the order of the volumes does not matter, nothing is told twice, and nothing is told as both', () => {
    const some = fc.array(fc.record({ id: fc.constantFrom('a', 'b', 'c', 'd', 'e'), ago: fc.option(fc.integer({ min: 0, max: 60 })), told: fc.boolean() }));
    fc.assert(
      fc.property(fc.uniqueArray(some.map((x) => x[0] ?? { id: 'a', ago: 1, told: false }), { selector: ({ id }) => id }), (chosen) => {
        const volumes = chosen.map(({ id, ago }) => volume(id, ago === null ? null : ago * HOUR));
        const told = new Set(chosen.filter((each) => each.told).map(({ id }) => id));
        const changes = overdueChanges(volumes, told, rpo, now);
        expect(overdueChanges(volumes.toReversed(), told, rpo, now)).toEqual(changes);
        const after = new Set([...told, ...changes.overdue.map(({ volumeId }) => volumeId)].filter((id) => !changes.recovered.some(({ volumeId }) => volumeId === id)));
        expect(overdueChanges(volumes, after, rpo, now)).toEqual({ overdue: [], recovered: [], gone: [] });
        expect([...after].toSorted()).toEqual(volumes.filter((each) => isOverdue(each, rpo, now)).map(({ volumeId }) => volumeId).toSorted());
      }),
    );
  });

  test('the next look is when the first volume that is well can become overdue', () => {
    expect(nextOverdueAt([volume('a', 25 * HOUR), volume('b', 2 * HOUR), volume('c', 27 * HOUR)], rpo, now)).toBe(addMs(now, HOUR));
    expect(nextOverdueAt([volume('c', 27 * HOUR)], rpo, now)).toBeNull();
    expect(nextOverdueAt([], rpo, now)).toBeNull();
  });

  test('no volume becomes overdue before that', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 * HOUR }), { minLength: 1 }), fc.integer({ min: 0, max: 40 * HOUR }), (agos, later) => {
        const volumes = agos.map((ago, n) => volume(`v${n}`, ago));
        const next = nextOverdueAt(volumes, rpo, now) ?? instant(8e15);
        const then = addMs(now, later);
        const fresh = overdueChanges(volumes, new Set(volumes.filter((each) => isOverdue(each, rpo, now)).map(({ volumeId }) => volumeId)), rpo, then).overdue;
        if (fresh.length > 0) expect(then).toBeGreaterThan(next);
        if (then >= next + 1_000) expect(fresh).not.toEqual([]);
      }),
    );
  });
});

describe('failed runs of a firing', () => {
  const firing = { id: 'f', policy: 'p', target: 't', due: now, trigger: 'schedule', plannedAt: now, finishedAt: now } as const;
  const counts = { pending: 0, available: 1, failed: 2, skipped: 1, abandoned: 1 };
  const run = (id: string, name: string | null, outcome: 'available' | 'failed' | 'skipped' | 'abandoned') =>
    ended(newRun(`r${id}`, { id, name, named: false }), outcome, now, outcome === 'failed' ? { kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'no', requestId: 'q' } : null);

  test('are one notice, in the order of their names, without the good and the skipped ones', () => {
    const notice = runFailedNotice('prod', { ...firing, counts }, [run('3', null, 'failed'), run('1', 'b', 'abandoned'), run('4', 'b', 'failed'), run('2', 'a', 'available'), run('5', 'c', 'skipped')], now);

    expect(notice.volumes.map(({ id, outcome, message }) => [id, outcome, message])).toEqual([['3', 'failed', 'no'], ['1', 'abandoned', 'no reason recorded'], ['4', 'failed', 'no']]);
    expect(notice).toMatchObject({ policy: 'p', target: 't', due: now, isFinal: true, runs: counts, volumes: [{ code: 'EVS.5400', requestId: 'q' }, { code: null, kind: null }, {}] });
    expect(failedRuns(counts)).toBe(3);
  });

  test('have one id whichever order they come in, and another one before the end', () => {
    const runs = [run('1', 'a', 'failed'), run('2', 'a', 'failed')];
    const notice = runFailedNotice('prod', { ...firing, counts }, runs, now);

    expect(runFailedNotice('prod', { ...firing, counts }, runs.toReversed(), now)).toEqual(notice);
    const early = runFailedNotice('prod', { ...firing, counts, finishedAt: null }, runs, now);
    expect(early.isFinal).toBe(false);
    expect(early.id).not.toBe(notice.id);
  });

  test('are described up to fifty', () => {
    const runs = Array.from({ length: 150 }, (_, n) => run(String(n), null, 'failed'));
    expect(runFailedNotice('prod', { ...firing, counts: { ...counts, failed: 150 } }, runs, now).volumes).toHaveLength(50);
  });
});
