import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';

const PER_SECOND = 50;
const VOLUMES = 10_000;
const RUNS = 1;
const LONGER = 1.05;
const THROTTLED = 0.01;

/** A cloud that refuses more than so many requests a second, and a target that says so: how close a firing comes to the rate, and how often it is refused. */
export async function benchPace(): Promise<readonly Figure[]> {
  const [ratios, refused]: [number[], number[]] = [[], []];
  for (let run = 0; run < RUNS; run += 1) {
    const cloud = { creation: { minMs: 500, maxMs: 1_500 }, rateLimit: { requests: PER_SECOND, perMs: 1_000 } };
    const { finishedMs } = await runFiring({ volumes: VOLUMES, workers: 1, cloud, target: { requestsPerSecond: PER_SECOND } }, async (scene) => {
      const requests = scene.cloud.ledger.requests().filter(({ at }) => at >= scene.due);
      refused.push(requests.filter(({ status }) => status === 429).length / requests.length);
    });
    ratios.push(finishedMs / ((VOLUMES * 1_000) / PER_SECOND));
  }
  const throttled = median(refused);
  return [
    { name: `${VOLUMES} volumes at ${PER_SECOND} requests/s against the ideal`, value: median(ratios), unit: 'x', target: `<= ${LONGER}`, ok: median(ratios) <= LONGER, samples: ratios },
    { name: 'calls throttled meanwhile', value: throttled * 100, unit: '%', target: `< ${THROTTLED * 100}`, ok: throttled < THROTTLED, samples: refused.map((each) => each * 100) },
  ];
}
