import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spreadOffset } from '#domain/naming/spread';
import { durationMs, MINUTE } from '#domain/time';

describe('spreadOffset', () => {
  it('lies within the spread, the end not included, and is the same each time', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 10 ** 12 }), (volumeId, spread) => {
        const offset = spreadOffset(volumeId, durationMs(spread));

        expect(offset).toBeGreaterThanOrEqual(0);
        expect(offset).toBeLessThan(spread);
        expect(Number.isInteger(offset)).toBe(true);
        expect(spreadOffset(volumeId, durationMs(spread))).toBe(offset);
      }),
    );
  });

  it('is nothing without a spread', () => {
    expect(spreadOffset('v', durationMs(0))).toBe(0);
  });

  it('spreads volumes evenly', () => {
    const halves = [0, 0, 0, 0];
    for (let volume = 0; volume < 4_000; volume += 1) {
      const quarter = Math.floor(spreadOffset(`volume-${volume}`, durationMs(30 * MINUTE)) / (7.5 * MINUTE));
      halves[quarter] = (halves[quarter] ?? 0) + 1;
    }

    expect(Math.min(...halves)).toBeGreaterThan(900);
    expect(Math.max(...halves)).toBeLessThan(1_100);
  });
});
