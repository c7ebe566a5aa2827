import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';

const VOLUMES = 1_000;
const PAIRS = 3;
/** Create calls under way at once, for each worker: the limit of a target counts for all of them together. */
const EACH = 10;
const LATENCY_MS = 100;
const FASTER = 1.9;

/** A cloud that answers a create call after 100 ms, one worker with its share of the calls against two with theirs, by turns. */
export async function benchScaling(): Promise<readonly Figure[]> {
  const ratios: number[] = [];
  const rates: [number[], number[]] = [[], []];
  for (let pair = 0; pair < PAIRS; pair += 1) {
    const [one, two] = pair % 2 === 0 ? [await createsPerSecond(1), await createsPerSecond(2)] : [await createsPerSecond(2), await createsPerSecond(1)].toReversed();
    rates[0].push(one ?? Number.NaN);
    rates[1].push(two ?? Number.NaN);
    ratios.push((two ?? Number.NaN) / (one ?? Number.NaN));
  }
  return [
    { name: `create calls, one worker, ${EACH} at once, answers after ${LATENCY_MS} ms`, value: median(rates[0]), unit: '/s', target: null, ok: true, samples: rates[0] },
    { name: `create calls, two workers, ${EACH} at once each`, value: median(rates[1]), unit: '/s', target: null, ok: true, samples: rates[1] },
    { name: 'two workers against one', value: median(ratios), unit: 'x', target: `>= ${FASTER}`, ok: median(ratios) >= FASTER, samples: ratios },
  ];
}

/** From the first create call to the last: what comes before and after is the same for any number of workers. */
async function createsPerSecond(workers: number): Promise<number> {
  const cloud = { creation: { minMs: 0, maxMs: 0 }, latencyMs: { create: LATENCY_MS } };
  let rate = Number.NaN;
  await runFiring({ volumes: VOLUMES, workers, cloud, target: { concurrentCreates: EACH * workers } }, async (scene) => {
    const times = scene.cloud.ledger.creates().map(({ at }) => at);
    rate = (VOLUMES * 1_000) / (Math.max(...times) + LATENCY_MS - Math.min(...times));
  });
  return rate;
}
