import { execFileSync } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { run } from 'axe-core';
import { chromium } from 'playwright-core';
import type { Browser, Page } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

function executable(): string {
  if (process.env['CHROMIUM'] !== undefined) return process.env['CHROMIUM'];
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8' }).trim();
    } catch {
      continue;
    }
  }
  throw new Error('no Chromium: scripts/browser installs one');
}

export async function startBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: executable(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: 'light' | 'dark';
}

/** A page with what it complains of. */
export async function open(browser: Browser, url: string, { width = 1280, height = 900, colorScheme = 'light' }: View = {}): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: { width, height }, colorScheme, timezoneId: 'Europe/Berlin', reducedMotion: 'reduce' });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => void complaints.push(String(error)));
  page.on('request', (request) => {
    if (!request.url().startsWith(url)) complaints.push(`asks another origin: ${request.url()}`);
  });
  await page.goto(url);
  return { page, complaints };
}

/** Serious findings of axe, as text. */
export async function findings(page: Page): Promise<string[]> {
  const source = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
  // Not as a script of the page: its policy lets none in.
  await page.evaluate(await readFile(source, 'utf8'));
  const { violations } = await page.evaluate(async () => (globalThis as unknown as { axe: { run: typeof run } }).axe.run());
  return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary ?? ''}`));
}

/** Kept where SNAPKEEP_SCREENSHOTS says, if it does. */
export async function screenshot(page: Page, name: string): Promise<void> {
  const dir = process.env['SNAPKEEP_SCREENSHOTS'];
  if (dir === undefined || dir === '') return;
  await mkdir(dir, { recursive: true });
  await page.screenshot({ path: path.join(dir, `${name}.png`), fullPage: true });
}
