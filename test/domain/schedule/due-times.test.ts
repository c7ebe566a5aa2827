import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { MAX_DUE_PER_STEP, ON_TIME, decideDueTimes } from '#domain/schedule/due-times';
import type { DueStep } from '#domain/schedule/due-times';
import type { CatchUp } from '#domain/policy';
import { DAY, HOUR, MINUTE, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';

/** Due times at these minutes. */
function at(minutes: readonly number[]): (after: Instant, until: Instant, max: number) => readonly Instant[] {
  const all = minutes.map((minute) => instant(minute * MINUTE));
  return (after, until, max) => all.filter((due) => due > after && due <= until).slice(0, max);
}

function decide(input: { dues: readonly number[]; watermark?: number; now: number; catchUp?: CatchUp; window?: number }): DueStep {
  return decideDueTimes({
    between: at(input.dues),
    watermark: instant((input.watermark ?? 0) * MINUTE),
    now: instant(input.now * MINUTE),
    catchUp: input.catchUp ?? 'latest',
    catchUpWindow: durationMs((input.window ?? 24 * 60) * MINUTE),
  });
}

function told(step: DueStep): { fire: string[]; missed: number[]; watermark: number; more: boolean } {
  return {
    fire: step.fire.map(({ due, trigger }) => `${due / MINUTE} ${trigger}`),
    missed: step.missed.map((due) => due / MINUTE),
    watermark: step.watermark / MINUTE,
    more: step.more,
  };
}

const MS = 1 / MINUTE;

describe('decideDueTimes', () => {
  const dues = [10, 20, 30];
  test.each([
    ['nothing is due', { dues, now: 9 }, { fire: [], missed: [], watermark: 0 }],
    ['a millisecond before', { dues, now: 10 - MS }, { fire: [], missed: [], watermark: 0 }],
    ['at its instant', { dues, now: 10 }, { fire: ['10 schedule'], missed: [], watermark: 10 }],
    ['the watermark itself is not due again', { dues, watermark: 10, now: 10 }, { fire: [], missed: [], watermark: 10 }],
    ['a clock behind the watermark', { dues, watermark: 25, now: 15 }, { fire: [], missed: [], watermark: 25 }],
    ['on time up to a minute, both in', { dues, now: 11, catchUp: 'none' }, { fire: ['10 schedule'], missed: [], watermark: 10 }],
    ['a millisecond more is late', { dues, now: 11 + MS, catchUp: 'none' }, { fire: [], missed: [10], watermark: 10 }],
    ['late with `latest`', { dues, now: 11 + MS }, { fire: ['10 catch-up'], missed: [], watermark: 10 }],
    ['the newest on time, the others late: none', { dues, now: 30, catchUp: 'none' }, { fire: ['30 schedule'], missed: [10, 20], watermark: 30 }],
    ['the same: latest', { dues, now: 30, catchUp: 'latest' }, { fire: ['30 schedule'], missed: [10, 20], watermark: 30 }],
    ['the same: all', { dues, now: 30, catchUp: 'all' }, { fire: ['10 catch-up', '20 catch-up', '30 schedule'], missed: [], watermark: 30 }],
    ['all late: none', { dues, now: 50, catchUp: 'none' }, { fire: [], missed: [10, 20, 30], watermark: 30 }],
    ['all late: latest', { dues, now: 50, catchUp: 'latest' }, { fire: ['30 catch-up'], missed: [10, 20], watermark: 30 }],
    ['all late: all', { dues, now: 50, catchUp: 'all' }, { fire: ['10 catch-up', '20 catch-up', '30 catch-up'], missed: [], watermark: 30 }],
    ['the window, its end in', { dues, now: 50, catchUp: 'all', window: 30 }, { fire: ['20 catch-up', '30 catch-up'], missed: [10], watermark: 30 }],
    ['the window, a millisecond less', { dues, now: 50, catchUp: 'all', window: 30 - MS }, { fire: ['30 catch-up'], missed: [10, 20], watermark: 30 }],
    ['the newest outside the window: latest', { dues, now: 50, window: 19 }, { fire: [], missed: [10, 20, 30], watermark: 30 }],
    ['no window at all, but on time', { dues, now: 30.5, catchUp: 'all', window: 0 }, { fire: ['30 schedule'], missed: [10, 20], watermark: 30 }],
  ] as const)('%s', (_, input, expected) => {
    expect(told(decide(input))).toEqual({ more: false, ...expected });
  });

  test('a backlog longer than a step: all but the rest is dealt with, nothing of it as on time', () => {
    const many = Array.from({ length: MAX_DUE_PER_STEP + 5 }, (_, n) => n + 1);
    const now = MAX_DUE_PER_STEP + 5;
    const first = decide({ dues: many, now });
    expect(first).toMatchObject({ fire: [], more: true, watermark: MAX_DUE_PER_STEP * MINUTE });
    expect(first.missed).toHaveLength(MAX_DUE_PER_STEP);
    expect(told(decide({ dues: many, watermark: MAX_DUE_PER_STEP, now }))).toEqual({ fire: [`${now} schedule`], missed: [1, 2, 3, 4].map((n) => MAX_DUE_PER_STEP + n), watermark: now, more: false });
    const all = decide({ dues: many, now, catchUp: 'all', window: 2 * now });
    expect(all.fire.every(({ trigger }) => trigger === 'catch-up')).toBe(true);
    expect(all.fire).toHaveLength(MAX_DUE_PER_STEP);
  });

  test('each due time is decided over once, in order, however the looks fall, and never one after now', () => {
    const input = fc.record({
      dues: fc.uniqueArray(fc.integer({ min: 1, max: 3_000 }), { maxLength: 60 }).map((minutes) => minutes.toSorted((a, b) => a - b)),
      looks: fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 20 }),
      catchUp: fc.constantFrom<CatchUp>('none', 'latest', 'all'),
      window: fc.integer({ min: 0, max: 600 }),
    });
    fc.assert(
      fc.property(input, ({ dues: all, looks, catchUp, window }) => {
        let watermark = 0;
        const seen: number[] = [];
        // Looks in any order are clocks that are set back and forth.
        for (const now of [...looks, 3_000]) {
          const step = decide({ dues: all, watermark, now, catchUp, window });
          const here = [...step.fire.map(({ due }) => due / MINUTE), ...step.missed.map((due) => due / MINUTE)].toSorted((a, b) => a - b);
          seen.push(...here);
          expect(here.every((due) => due > watermark && due <= now)).toBe(true);
          for (const { due, trigger } of step.fire) {
            const late = now * MINUTE - due;
            expect(trigger).toBe(late <= ON_TIME && due === (here.at(-1) ?? 0) * MINUTE ? 'schedule' : 'catch-up');
            if (trigger === 'catch-up') expect(late).toBeLessThanOrEqual(window * MINUTE);
          }
          if (catchUp === 'none') expect(step.fire.every(({ trigger }) => trigger === 'schedule')).toBe(true);
          if (catchUp !== 'all') expect(step.fire.length).toBeLessThanOrEqual(1);
          expect(step.watermark / MINUTE).toBe(here.at(-1) ?? watermark);
          watermark = step.watermark / MINUTE;
        }
        expect(seen).toEqual(all);
      }),
    );
  });

  test('looking often enough, everything fires as scheduled whatever catch-up says', () => {
    fc.assert(
      fc.property(fc.constantFrom<CatchUp>('none', 'latest', 'all'), fc.integer({ min: 1, max: 60 }), (catchUp, seconds) => {
        let watermark = instant(0);
        const fired: string[] = [];
        for (let now = 0; now <= 3 * HOUR; now += seconds * 1_000) {
          const step = decideDueTimes({ between: at([10, 70, 130]), watermark, now: instant(now), catchUp, catchUpWindow: DAY });
          fired.push(...told(step).fire);
          ({ watermark } = step);
        }
        expect(fired).toEqual(['10 schedule', '70 schedule', '130 schedule']);
      }),
    );
  });
});
