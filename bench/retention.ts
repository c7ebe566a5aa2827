import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import type { RetentionRules } from '#domain/policy';
import { decideRetention } from '#domain/retention/decide-retention';
import type { Snapshot } from '#domain/snapshot';
import { DAY, HOUR, MINUTE, addMs, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const SIZES = [10_000, 100_000, 1_000_000] as const;
const PER_VOLUME = 10;
const RUNS = 5;
/** Five years of hourly snapshots, and a tenth of it. */
const DEEP = 43_800;
const DEEP_RUNS = 15;

const rules: RetentionRules = { last: 2, hourly: 2, daily: 3, weekly: 2, monthly: 2, yearly: 1, within: durationMs(DAY), orphans: 'keep' };
const deepRules: RetentionRules = { ...rules, last: 3, hourly: 24, daily: 7, weekly: 5, monthly: 12, yearly: 5 };
const timezone = 'Europe/Berlin';
const newestDue = instant(Date.UTC(2026, 10, 24, 2));

/** What a decision costs per snapshot, over a fleet given volume by volume, and over one volume with very many. */
export async function benchRetention(): Promise<readonly Figure[]> {
  decideFleet(SIZES[1]);
  const fleets = SIZES.map((): { micros: number[]; heapMb: number[] } => ({ micros: [], heapMb: [] }));
  const ratios: number[] = [];
  // In turns, so that what else the machine does is about the same for all sizes.
  for (let run = 0; run < RUNS; run += 1) {
    const turn = SIZES.map((size) => decideFleet(size));
    for (const [place, { ms, heapMb }] of turn.entries()) {
      fleets[place]?.micros.push((ms * 1_000) / (SIZES[place] ?? Number.NaN));
      fleets[place]?.heapMb.push(heapMb);
    }
    ratios.push((turn[2]?.ms ?? Number.NaN) / (turn[1]?.ms ?? Number.NaN));
  }
  const deep: number[] = [];
  const deepRatios: number[] = [];
  for (let run = 0; run < DEEP_RUNS; run += 1) {
    const [small, large] = [decideDeep(DEEP / 10), decideDeep(DEEP)];
    deep.push((large * 1_000) / DEEP);
    deepRatios.push(large / small);
  }
  const perFleet = fleets.flatMap(({ micros, heapMb }, place): Figure[] => {
    const name = `retention, ${(SIZES[place] ?? 0).toLocaleString('en')} snapshots`;
    return [
      { name, value: median(micros), unit: 'µs each', target: null, ok: true, samples: micros },
      { name: `${name}, heap in use`, value: Math.max(...heapMb), unit: 'MB more', target: null, ok: true, samples: heapMb },
    ];
  });
  return [
    ...perFleet,
    { name: 'retention, 1,000,000 against 100,000', value: median(ratios), unit: 'x', target: '<= 11', ok: median(ratios) <= 11, samples: ratios },
    { name: 'retention, 43,800 of one volume', value: median(deep), unit: 'µs each', target: null, ok: true, samples: deep },
    // n log n makes it 10 x log 43,800 / log 4,380 = 12.7, garbage and cache misses some more; n squared would be 100.
    { name: 'retention, 43,800 of one against 4,380', value: median(deepRatios), unit: 'x', target: '<= 20', ok: median(deepRatios) <= 20, samples: deepRatios },
  ];
}

/** Makes and decides one volume after the other; only deciding is timed. The heap is what is in use over the beginning, at its highest of ten looks. */
function decideFleet(snapshots: number): { ms: number; heapMb: number } {
  const volumes = snapshots / PER_VOLUME;
  const before = heapInUse();
  let [ms, deleted, highest] = [0, 0, 0];
  for (let number = 0; number < volumes; number += 1) {
    const volume = volumeOf(number, PER_VOLUME, DAY);
    const startedAt = performance.now();
    const decisions = decide(volume, rules);
    ms += performance.now() - startedAt;
    for (const { action } of decisions) deleted += action === 'delete' ? 1 : 0;
    if (number % (volumes / 10) === 0) highest = Math.max(highest, heapInUse());
  }
  if (deleted < volumes) throw new Error(`only ${deleted} deletes: the bench does not measure what it should`);
  return { ms, heapMb: (highest - before) / 1_048_576 };
}

function decideDeep(snapshots: number): number {
  const volume = scattered(volumeOf(0, snapshots, HOUR));
  heapInUse();
  const startedAt = performance.now();
  decide(volume, deepRules);
  return performance.now() - startedAt;
}

function decide(snapshots: readonly Snapshot[], which: RetentionRules): ReturnType<typeof decideRetention> {
  return decideRetention({ instance: 'bench', policy: 'nightly', timezone, rules: which, snapshots, now: addMs(newestDue, HOUR) });
}

/** Newest first, as the cloud lists; one in ten is foreign. */
function volumeOf(number: number, count: number, step: number): readonly Snapshot[] {
  return Array.from({ length: count }, (_, place) => snapshotOf(number, place, addMs(newestDue, -place * step)));
}

/** The same for every run, and in no order that a sort could profit from: by multiplicative hashing (Knuth). */
function scattered(snapshots: readonly Snapshot[]): readonly Snapshot[] {
  const keyed = snapshots.map((snapshot, place) => ({ snapshot, key: (place * 2_654_435_761) % 4_294_967_296 }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ snapshot }) => snapshot);
}

function snapshotOf(volume: number, place: number, due: Instant): Snapshot {
  const key = `${volume.toString(16).padStart(16, '0')}${place.toString(16).padStart(16, '0')}`;
  const mark = ownedMetadata({ instance: 'bench', policy: 'nightly', due, runId: `r${key}` });
  return {
    id: `${key.slice(8, 16)}-d447-4a07-89ce-${key.slice(20)}`,
    volumeId: `${key.slice(0, 16)}-volume`,
    name: `nightly-vol-${volume}`,
    status: 'available',
    sizeGb: 10,
    metadata: { team: 'payments', costcentre: '4711', ...(place % 10 === 9 ? {} : mark) },
    createdAt: addMs(due, MINUTE),
  };
}

let collect: (() => void) | null = null;

function heapInUse(): number {
  if (collect === null) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
  }
  collect();
  return process.memoryUsage().heapUsed;
}
