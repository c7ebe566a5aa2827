import { expect, test } from 'vitest';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import { waitFor } from '../support/wait-for.ts';

test('the demo tells where its status page is while it runs', async () => {
  await using demo = spawnSnapkeep(['demo', '--for', '30s', '--port', '0']);
  const url = await waitFor(() => /^status page +(http:\/\/\S+\/)$/m.exec(demo.stdout())?.[1], Boolean, { what: 'the address of the page', timeoutMs: 30_000 });
  const page = await fetch(url ?? '');
  expect([page.status, await page.text()]).toEqual([200, expect.stringContaining('<title>snapkeep</title>')]);
  demo.kill('SIGTERM');
  expect(await demo.waitForExit(40_000)).toEqual({ code: 0, signal: null });
}, 90_000);
