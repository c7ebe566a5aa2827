import { seededRandom } from '../../src/simulator/state/random.ts';

/** One thing that goes wrong, `at` milliseconds after the start. `member` counts the processes of the fleet. */
export type Act =
  | { readonly at: number; readonly kind: 'kill'; readonly member: number; readonly downMs: number }
  | { readonly at: number; readonly kind: 'suspend'; readonly member: number; readonly forMs: number }
  | { readonly at: number; readonly kind: 'redis'; readonly downMs: number }
  | { readonly at: number; readonly kind: 'throttle'; readonly calls: number }
  | { readonly at: number; readonly kind: 'tokens' };

/** How often each thing happens on average, and at least once. */
const EVERY_MS: Readonly<Record<Act['kind'], number>> = { kill: 6_000, suspend: 25_000, redis: 20_000, throttle: 30_000, tokens: 15_000 };

/** Longer than a job's lock of 15 s and the check for stalled jobs after it, so that others take the runs over. */
const SUSPENDED_MS = { min: 16_000, max: 26_000 } as const;

/** The same seed gives the same acts at the same times; what they hit depends on the machine. */
export function chaosPlan(seed: number, lengthMs: number, members: number): readonly Act[] {
  const random = seededRandom(seed);
  const acts: Act[] = [];
  for (const kind of ['kill', 'suspend', 'redis', 'throttle', 'tokens'] as const) {
    const count = Math.max(1, Math.round(lengthMs / EVERY_MS[kind]));
    // One in each slot, anywhere in it: spread over the time, and never in step.
    for (let slot = 0; slot < count; slot += 1) acts.push(actOf(kind, Math.round(((slot + random.next()) * lengthMs) / count)));
  }
  return acts.toSorted((a, b) => a.at - b.at);

  function actOf(kind: Act['kind'], at: number): Act {
    switch (kind) {
      case 'kill':
        return { at, kind, member: random.between(0, members - 1), downMs: random.between(0, 4_000) };
      case 'suspend':
        return { at, kind, member: random.between(0, members - 1), forMs: random.between(SUSPENDED_MS.min, SUSPENDED_MS.max) };
      case 'redis':
        return { at, kind, downMs: random.between(0, 3_000) };
      case 'throttle':
        return { at, kind, calls: random.between(2, 6) };
      case 'tokens':
        return { at, kind };
    }
  }
}
