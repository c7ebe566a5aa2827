import { expect, test } from 'vitest';
import { open, screenshot, startBrowser } from './browser.ts';
import { manyVolumes } from './many-volumes.ts';

test('ten thousand volumes: shown at once, paged, found, the failed ones first', async () => {
  await using service = await manyVolumes(10_000);
  const browser = await startBrowser();
  try {
    const { page, complaints } = await open(browser, service.url);
    await page.getByText('1 to 50 of 10,000 volumes, the worst first').waitFor();
    const painted = await page.evaluate(() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Infinity);
    // Far from what it takes, for busy machines; bench/page.ts measures.
    expect(painted).toBeLessThan(2_000);
    expect(await page.locator('#grid tbody tr').count()).toBe(50);
    expect(await page.locator('#grid tbody tr').first().textContent()).toContain('database vol-000007');
    expect(await page.locator('#grid tbody tr td:last-child button.failed').count()).toBe(50);
    await page.getByLabel('Find').fill('VOL-009999');
    await page.getByText('1 to 1 of 1 found').waitFor();
    expect(complaints).toEqual([]);
    await screenshot(page, 'many-volumes');
  } finally {
    await browser.close();
  }
}, 180_000);
