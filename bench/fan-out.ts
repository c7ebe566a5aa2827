import { planFiring } from '#app/plan-firing';
import { instant } from '#domain/time';
import { policyOf } from '../test/fakes/world.ts';
import { startProcess } from '../test/support/redis-process.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { benchWorld } from './support/bench-world.ts';
import { usedBytes } from './support/redis-facts.ts';

const SIZES = [1_000, 10_000, 100_000] as const;
const RUNS = 5;
/** The smallest is planned so often in one turn, so that its time is not that of its first moments. */
const REPEATS: Readonly<Record<number, number>> = { 1_000: 10, 10_000: 2, 100_000: 1 };
const FLAT = 1.2;
const BYTES = 1_200;

export interface FanOut {
  /** Of each firing after the other, a volume. */
  readonly micros: readonly number[];
  /** What each has added to Redis, a volume: records of the runs and jobs; the first notes the volumes as covered too. */
  readonly bytes: readonly number[];
}

/** What it costs to turn a due time into queued runs, a volume; and what a queued run takes in Redis. */
export async function benchFanOut(): Promise<readonly Figure[]> {
  await fanOut(10_000, 1);
  const turns: (readonly number[])[] = [];
  // In turns, so that what else the machine does is about the same for all sizes.
  for (let run = 0; run < RUNS; run += 1) {
    const turn: number[] = [];
    for (const size of SIZES) turn.push(median((await fanOut(size, REPEATS[size] ?? 1)).micros));
    turns.push(turn);
  }
  const micros = SIZES.map((_, place) => turns.map((turn) => turn[place] ?? Number.NaN));
  const against = (place: number): number[] => turns.map((turn) => (turn[place] ?? Number.NaN) / (turn[0] ?? Number.NaN));
  return [
    ...SIZES.map((size, place): Figure => ({ name: `fan-out, ${size.toLocaleString('en')} volumes`, value: median(micros[place] ?? []), unit: 'µs each', target: null, ok: true, samples: micros[place] ?? [] })),
    ...[1, 2].map((place): Figure => {
      const ratios = against(place);
      return { name: `fan-out a volume, ${SIZES[place]?.toLocaleString('en')} volumes against 1,000`, value: median(ratios), unit: 'x', target: `<= ${FLAT}`, ok: median(ratios) <= FLAT, samples: ratios };
    }),
    ...(await bytesFigures(SIZES[2])),
  ];
}

export async function bytesFigures(volumes: number): Promise<readonly Figure[]> {
  const { bytes: [first = Number.NaN, ...later] } = await fanOut(volumes, 3);
  const queued = median(later);
  return [
    { name: 'Redis bytes of a queued volume', value: queued, unit: 'bytes', target: `<= ${BYTES}`, ok: queued <= BYTES, samples: later },
    { name: 'Redis bytes of a covered volume, once a policy', value: first - queued, unit: 'bytes', target: null, ok: true, samples: [first - queued] },
  ];
}

/** Plans so many firings over as many volumes, in an empty Redis. */
export async function fanOut(volumes: number, firings: number): Promise<FanOut> {
  await using redis = await startProcess({});
  const policy = policyOf('nightly');
  await using world = benchWorld(redis.url, [policy], volumes);
  const { signal } = new AbortController();
  const [micros, bytes]: [number[], number[]] = [[], []];
  for (let firing = 0; firing < firings; firing += 1) {
    const before = await usedBytes(world.redis);
    const startedAt = performance.now();
    const planned = await planFiring(world, policy, { due: instant(Date.UTC(2026, 10, 24, firing)), trigger: 'schedule', signal });
    micros.push(((performance.now() - startedAt) * 1_000) / volumes);
    bytes.push(((await usedBytes(world.redis)) - before) / volumes);
    if (planned.total !== volumes) throw new Error(`${planned.total} runs instead of ${volumes}`);
  }
  return { micros, bytes };
}
