import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage } from '../integration/running-service.ts';
import type { Stage } from '../integration/running-service.ts';
import type { Service } from '../../src/bootstrap/service.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { findings, open, screenshot, startBrowser } from './browser.ts';

const HOSTILE = 'vol-<img src=x onerror="document.title=\'owned\'"><script>document.title="owned"</script>';

let redis: RedisServer;
let browser: Browser;
let scene: Stage;
let service: Service;

beforeAll(async () => {
  [redis, browser] = await Promise.all([startRedis(), startBrowser()]);
  const volumes = [...Array.from({ length: 60 }, (_, n) => ({ name: `vol-${String(n).padStart(4, '0')}` })), { name: HOSTILE }];
  scene = await stage({
    redisUrl: redis.url,
    due: [3],
    cloud: {
      volumes,
      faults: [{ operation: 'create', volume: 'vol-0007', effect: { kind: 'respond', status: 400, body: { error: { code: 'EVS.5400', message: 'The volume is in error status.' } } } }],
    },
  });
  service = (await scene.serve()).service;
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
  await browser.close();
  await redis.stop();
});

async function sentence(page: Page): Promise<string> {
  return (await page.locator('#sentence').textContent()) ?? '';
}

async function settled(): Promise<void> {
  await waitFor(async () => (await service.ledger.firings('often', 1))[0]?.finishedAt ?? null, (at) => at !== null, { what: 'the firing to end', timeoutMs: 30_000 });
}

describe('the status page', () => {
  test('shows what a firing comes to without being loaded again', async () => {
    const { page, complaints } = await open(browser, service.url);
    await page.evaluate(() => ((globalThis as { same?: boolean }).same = true));
    await page.waitForFunction(() => !document.querySelector('#sentence')?.textContent?.startsWith('Looking'));
    await settled();
    await page.waitForFunction(() => document.querySelector('#sentence')?.textContent === '1 of 61 volumes has no snapshot yet.', undefined, { timeout: 15_000 });
    expect(await page.locator('#policies .count').allTextContents()).toEqual(['✕1 failed', '✓60 available']);
    expect(await page.locator('#live').textContent()).toMatch(/^live, as of /);
    await page.locator('#health').getByText('✕ 1 of 61 runs failed').waitFor();
    expect(await page.evaluate(() => (globalThis as { same?: boolean }).same)).toBe(true);
    expect(complaints).toEqual([]);
    await screenshot(page, 'light');
    await page.close();
  });

  test('a failed run, with the words of the cloud, is two clicks away or less', async () => {
    const { page, complaints } = await open(browser, service.url);
    await page.getByRole('button', { name: 'vol-0007' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'vol-0007' });
    await dialog.getByText('The volume is in error status.').first().waitFor();
    expect(await dialog.textContent()).toMatch(/EVS\.5400.*invalid · HTTP 400.*Answers of the cloud/s);
    await screenshot(page, 'light-run');
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });

    // By its cell, on the first row: the worst volume comes first.
    await page.locator('#grid tbody tr').first().locator('button.cell.failed').click();
    await dialog.getByText('The volume is in error status.').first().waitFor();
    const url = page.url();
    expect(url).toContain('#run=r');
    await page.close();

    const linked = await open(browser, url);
    await linked.page.getByRole('dialog', { name: 'vol-0007' }).waitFor();
    await linked.page.close();
    expect(complaints).toEqual([]);
  });

  test('names are text, whatever they hold', async () => {
    const { page, complaints } = await open(browser, service.url);
    await page.locator('#grid-search').fill('<IMG');
    await page.getByText('1 to 1 of 1 found').waitFor();
    expect(await page.locator('#grid .name').allTextContents()).toEqual([HOSTILE]);
    await page.locator('#grid button.cell').click();
    expect(await page.getByRole('dialog').getByRole('heading', { level: 2 }).textContent()).toBe(HOSTILE);
    expect(await page.locator('img, #grid script, dialog script').count()).toBe(0);
    expect(await page.title()).not.toContain('owned');
    expect(complaints).toEqual([]);
    await page.close();
  });

  test('volumes are paged and found', async () => {
    const { page } = await open(browser, service.url);
    await page.getByText('1 to 50 of 61 volumes').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51 to 61 of 61 volumes').waitFor();
    expect(await page.getByRole('button', { name: 'Next' }).isDisabled()).toBe(true);
    await page.getByLabel('Find').fill('vol-005');
    await page.getByText('1 to 10 of 10 found').waitFor();
    await page.getByLabel('Find').fill('nothing');
    await page.getByText('No volume is called so.').waitFor();
    await page.close();
  });

  test.each(['light', 'dark'] as const)('axe finds nothing serious, %s', async (colorScheme) => {
    const { page } = await open(browser, service.url, { colorScheme });
    await page.locator('#grid button.cell').first().waitFor();
    expect(await findings(page)).toEqual([]);
    await screenshot(page, colorScheme);
    await page.locator('#grid button.cell').first().click();
    await page.getByRole('dialog').waitFor();
    expect(await findings(page)).toEqual([]);
    await page.close();
  });

  test('fits a phone', async () => {
    const { page } = await open(browser, service.url, { width: 360, height: 740 });
    await page.locator('#grid button.cell').first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(360);
    await screenshot(page, 'phone');
    await page.getByRole('button', { name: 'vol-0007' }).first().click();
    await page.getByRole('dialog').waitFor();
    expect(await page.evaluate(() => (document.querySelector('dialog')?.scrollWidth ?? 0) - (document.querySelector('dialog')?.clientWidth ?? 0))).toBe(0);
    await screenshot(page, 'phone-run');
    await page.close();
  });

  test('can be used with the keyboard alone', async () => {
    const { page } = await open(browser, service.url);
    await page.locator('#grid button.cell').first().waitFor();
    const focused = async (): Promise<string> => page.evaluate(() => document.activeElement?.getAttribute('data-key') ?? (document.activeElement?.id || document.activeElement?.textContent) ?? '');
    const walk: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      await page.keyboard.press('Tab');
      walk.push(await focused());
    }
    expect(walk.map((key) => key.replace(/ .*/, ''))).toEqual(['Skip', 'policy', 'failure', 'grid-policy', 'grid-search', expect.stringMatching(/^r[0-9a-f]{32}$/)]);

    // One stop for the whole grid; arrows move within it.
    const first = await focused();
    await page.keyboard.press('ArrowDown');
    expect(await focused()).not.toBe(first);
    await page.keyboard.press('ArrowUp');
    expect(await focused()).toBe(first);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'vol-0007' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await focused()).toBe(first);
    await page.close();
  });

  test('says so when the service does not answer, keeps what it knew, and recovers', async () => {
    const { page } = await open(browser, service.url);
    await page.locator('#grid button.cell').first().waitFor();
    const before = await sentence(page);
    await page.route('**/api/**', (route) => route.abort());
    await page.getByRole('alert').getByText(/The service does not answer since .*Below is what it said then/).waitFor({ timeout: 15_000 });
    expect(await sentence(page)).toBe(before);
    expect(await page.locator('#live').textContent()).toBe('not live');
    await page.unroute('**/api/**');
    await page.getByRole('alert').waitFor({ state: 'hidden', timeout: 15_000 });
    await page.close();
  });

  test('asks nothing while it is hidden', async () => {
    const { page } = await open(browser, service.url);
    await page.locator('#live').getByText('live, as of').waitFor();
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    let asked = 0;
    // A look that is under way when the page is hidden is finished; none is begun.
    page.on('request', (request) => (asked += request.url().endsWith('/api/v1/overview') ? 1 : 0));
    await page.waitForTimeout(4_000);
    expect(asked).toBe(0);
    const again = page.waitForRequest('**/api/v1/overview');
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', { value: 'visible', configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await again;
    await page.close();
  });
});
