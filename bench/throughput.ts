import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';
import { floorPerSecond } from './support/floor.ts';

const VOLUMES = 10_000;
const PAIRS = 3;
const SHARE = 0.7;
const DELAY_MS = 20;

/** A cloud that makes snapshots at once and refuses nothing. */
const unlimited = { creation: { minMs: 0, maxMs: 0 } };

/**
 * Snapshots a second of one worker process, from the due time until the last one is recorded as available, against a bare BullMQ
 * worker that sends one bare create call for each job: by turns, on the same kind of Redis and simulated cloud. The floor's
 * jobs are all queued before its time begins; the firing's are listed and queued within it.
 */
export async function benchThroughput(): Promise<readonly Figure[]> {
  const [floor, whole, delays]: [number[], number[], number[]] = [[], [], []];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const measureFloor = async (): Promise<void> => void floor.push(await floorPerSecond(VOLUMES, unlimited));
    const measureWhole = async (): Promise<void> => {
      const { finishedMs, loopDelays } = await runFiring({ volumes: VOLUMES, workers: 1, cloud: unlimited, watchLoops: true });
      whole.push((VOLUMES * 1_000) / finishedMs);
      delays.push(...loopDelays.map(({ p99Ms }) => p99Ms));
    };
    // Whichever comes first finds the machine in another state: they take turns.
    const order = pair % 2 === 0 ? [measureFloor, measureWhole] : [measureWhole, measureFloor];
    for (const measure of order) await measure();
  }
  const shares = whole.map((rate, pair) => rate / (floor[pair] ?? Number.NaN));
  const delay = median(delays);
  return [
    { name: `bare BullMQ worker and bare POST, ${VOLUMES} volumes`, value: median(floor), unit: '/s', target: null, ok: true, samples: floor },
    { name: `snapshots end to end, ${VOLUMES} volumes, one worker`, value: median(whole), unit: '/s', target: null, ok: true, samples: whole },
    { name: 'end to end against the bare worker', value: median(shares), unit: 'x', target: `>= ${SHARE}`, ok: median(shares) >= SHARE, samples: shares },
    { name: 'event loop delay of the worker meanwhile, p99', value: delay, unit: 'ms', target: `< ${DELAY_MS}`, ok: delay < DELAY_MS, samples: delays },
  ];
}
