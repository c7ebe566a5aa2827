import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rateAt, slowDown, takeTurns, UNHURRIED } from '#domain/pace';
import type { Pace } from '#domain/pace';

const refusal = { retryAfterMs: null, named: null, observed: 40 };

describe('taking turns', () => {
  it('lets everything go at once without a limit', () => {
    const taken = takeTurns(UNHURRIED, null, 1_000, 50);

    expect(taken).toMatchObject({ from: 1_000, interval: 0 });
  });

  it('spaces calls evenly, also over several takers', () => {
    const first = takeTurns(UNHURRIED, 10, 1_000, 3);
    const second = takeTurns(first.pace, 10, 1_000, 1);

    expect(first).toMatchObject({ from: 1_000, interval: 100 });
    expect(second.from).toBe(1_300);
  });

  it('does not save up turns while nobody calls', () => {
    const early = takeTurns(UNHURRIED, 10, 1_000, 1);
    const late = takeTurns(early.pace, 10, 60_000, 2);

    expect(late).toMatchObject({ from: 60_000, interval: 100 });
  });

  it('never grants more than the rate allows in any window, whoever takes how many when', () => {
    const takes = fc.array(fc.record({ after: fc.integer({ min: 0, max: 400 }), wanted: fc.integer({ min: 1, max: 20 }) }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(takes, fc.integer({ min: 1, max: 200 }), (steps, rate) => {
        let pace: Pace = UNHURRIED;
        let now = 0;
        const granted: number[] = [];
        for (const { after, wanted } of steps) {
          now += after;
          const taken = takeTurns(pace, rate, now, wanted);
          pace = taken.pace;
          for (let turn = 0; turn < wanted; turn += 1) granted.push(taken.from + turn * taken.interval);
        }
        for (const [index, at] of granted.entries()) {
          const before = granted[index - 1];
          if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(1000 / rate - 1e-6);
        }
      }),
    );
  });
});

describe('slowing down', () => {
  it('waits as long as the cloud says and halves the rate', () => {
    const slowed = slowDown(UNHURRIED, 10, 1_000, { ...refusal, retryAfterMs: 7_000 });

    expect(slowed.blockedUntil).toBe(8_000);
    expect(slowed.slowed).toBe(5);
    expect(takeTurns(slowed, 10, 1_500, 1).from).toBe(8_000);
  });

  it('starts from the rate that was observed where the policy sets none', () => {
    expect(slowDown(UNHURRIED, null, 1_000, refusal).slowed).toBe(20);
  });

  it('keeps below a limit that the cloud names', () => {
    expect(slowDown(UNHURRIED, null, 1_000, { ...refusal, named: 10 }).slowed).toBeCloseTo(9.8);
  });

  it('comes back up to a limit that the cloud names in minutes, for at just that rate it would be refused again', () => {
    const slowed = slowDown(UNHURRIED, 50, 0, { ...refusal, retryAfterMs: 0, named: 50 });

    expect(rateAt(slowed, 50, 0).rate).toBeCloseTo(49);
    expect(rateAt(slowed, 50, 60_000).rate).toBeLessThan(49.5);
    expect(rateAt(slowed, 50, 150_000).rate).toBeLessThan(50);
    expect(rateAt(slowed, 50, 300_000)).toMatchObject({ rate: 50, pace: { slowed: null } });
    expect(rateAt(slowDown(UNHURRIED, null, 0, { ...refusal, retryAfterMs: 0, named: 50 }), null, 150_000).rate).toBeLessThan(50);
  });

  it('comes back in seconds where the target was far below the limit that the cloud names', () => {
    const slowed = slowDown(UNHURRIED, 20, 0, { ...refusal, retryAfterMs: 0, named: 50 });

    expect(rateAt(slowed, 20, 1_000).rate).toBe(20);
  });

  it('counts refusals of calls that were under way together once', () => {
    const first = slowDown(UNHURRIED, 16, 1_000, refusal);
    const second = slowDown(first, 16, 1_200, refusal);

    expect(second.slowed).toBe(first.slowed);
  });

  it('halves again when the slower rate is refused too', () => {
    const first = slowDown(UNHURRIED, 16, 1_000, refusal);
    const second = slowDown(first, 16, first.blockedUntil + 10, refusal);

    expect(second.slowed).toBeLessThan(5);
  });

  it('never shortens a wait that is already longer', () => {
    const long = slowDown(UNHURRIED, 10, 1_000, { ...refusal, retryAfterMs: 60_000 });

    expect(slowDown(long, 10, 1_100, { ...refusal, retryAfterMs: 1_000 }).blockedUntil).toBe(61_000);
  });

  it('recovers additively up to the rate of the policy, and no further', () => {
    let pace = slowDown(UNHURRIED, 10, 0, { ...refusal, retryAfterMs: 0 });
    const rates: number[] = [];
    for (let now = 0; now <= 60_000; now += 5_000) {
      const current = rateAt(pace, 10, now);
      pace = current.pace;
      rates.push(current.rate ?? Number.NaN);
    }

    expect(rates).toEqual(rates.toSorted((a, b) => a - b));
    expect(rates[0]).toBe(5);
    expect(rates.at(-1)).toBe(10);
    expect(pace.slowed).toBeNull();
  });

  it('lets a target without a limit go free again in the end', () => {
    const slowed = slowDown(UNHURRIED, null, 0, { ...refusal, retryAfterMs: 0 });

    expect(rateAt(slowed, null, 1_000_000).rate).toBeNull();
  });

  it('never stops altogether, and never raises the rate by a refusal', () => {
    const refusals = fc.array(
      fc.record({
        after: fc.integer({ min: 0, max: 20_000 }),
        retryAfterMs: fc.option(fc.integer({ min: 0, max: 120_000 })),
        named: fc.option(fc.integer({ min: 1, max: 1000 })),
        observed: fc.integer({ min: 0, max: 500 }),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(refusals, fc.option(fc.integer({ min: 1, max: 300 })), (events, base) => {
        let pace: Pace = UNHURRIED;
        let now = 0;
        for (const event of events) {
          now += event.after;
          const before = rateAt(pace, base, now).rate;
          pace = slowDown(pace, base, now, event);
          const { rate } = rateAt(pace, base, now);
          expect(rate).toBeGreaterThan(0);
          if (event.named === null && base !== null && base >= 0.2 && (before ?? base) >= 0.2) expect(rate).toBeGreaterThanOrEqual(0.2);
          if (before !== null) expect(rate).toBeLessThanOrEqual(before);
        }
      }),
    );
  });
});
