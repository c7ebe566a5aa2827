import { readdir, stat } from 'node:fs/promises';
import { startBrowser } from '../test/browser/browser.ts';
import { manyVolumes } from '../test/browser/many-volumes.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const VOLUMES = 10_000;
const RUNS = 7;
const FIRST_PAINT_MS = 500;
const PAGE_KB = 150;

/** The status page over ten thousand volumes with 30 firings each, in a browser with an empty cache. */
export async function benchPage(): Promise<readonly Figure[]> {
  await using service = await manyVolumes(VOLUMES);
  const browser = await startBrowser();
  const painted: number[] = [];
  const complete: number[] = [];
  const grid: number[] = [];
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
      const startedAt = performance.now();
      await page.goto(service.url);
      await page.getByText('of 10,000 volumes, the worst first').waitFor();
      complete.push(performance.now() - startedAt);
      painted.push(Number(await page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")));
      await page.close();
      // Past the second for which an answer is shared.
      await new Promise((resolve) => setTimeout(resolve, 1_100));
      const askedAt = performance.now();
      await (await fetch(`${service.url}/api/v1/policies/nightly/grid`)).text();
      grid.push(performance.now() - askedAt);
    }
  } finally {
    await browser.close();
  }
  const kb = await pageKb();
  return [
    { name: `first paint of the status page, ${VOLUMES} volumes`, value: median(painted), unit: 'ms', target: `< ${FIRST_PAINT_MS}`, ok: median(painted) < FIRST_PAINT_MS, samples: painted },
    { name: `all of it shown, ${VOLUMES} volumes`, value: median(complete), unit: 'ms', target: null, ok: true, samples: complete },
    { name: `one page of its grid over HTTP, ${VOLUMES} volumes`, value: median(grid), unit: 'ms', target: null, ok: true, samples: grid },
    { name: 'size of the status page, nothing compressed', value: kb, unit: 'kB', target: `< ${PAGE_KB}`, ok: kb < PAGE_KB, samples: [kb] },
  ];
}

async function pageKb(): Promise<number> {
  const dir = new URL('../src/server/page/', import.meta.url);
  const files = (await readdir(dir)).filter((file) => !file.endsWith('.json'));
  const sizes = await Promise.all(files.map(async (file) => (await stat(new URL(file, dir))).size));
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000;
}
