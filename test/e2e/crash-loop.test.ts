import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../support/redis-process.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { OutputLine } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

const event = (name: string) => (line: OutputLine) => line.json?.['event'] === name;

test('A10 (taskforcesh/bullmq #2876): a replica in a crash loop across due times adds nothing and takes nothing away', { timeout: 120_000 }, async () => {
  await using cloud = await startSimulator({ volumes: 4, creation: { minMs: 10, maxMs: 200 }, snapshotsPerVolume: null });
  await using dir = await tempDir('crash-loop');
  const redis = await startProcess({});
  try {
    const file = await policyFile(dir.path, cloud, { cron: '*/2 * * * * *' });
    const serve = () => spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0'], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
    await using steady = serve();
    await steady.waitForLine(event('service.started'), 30_000);

    // Killed as soon as it has started, in the middle of a due time, and in the middle of a create call, in turns.
    for (const moment of ['service.started', 'policy.due', 'snapshot.accepted', 'service.started', 'firing.planned', 'snapshot.available']) {
      const crashing = serve();
      await crashing.waitForLine(event('service.started'), 30_000);
      // The other one may be faster at this due time and the next few.
      await crashing.waitForLine(event(moment), 6_000).catch(() => undefined);
      crashing.kill('SIGKILL');
      await crashing.waitForExit(10_000);
    }

    const told = steady.lines.length;
    await steady.waitForLine((line) => steady.lines.indexOf(line) > told && event('firing.finished')(line), 40_000);
    steady.kill('SIGTERM');
    expect((await steady.waitForExit(15_000)).code).toBe(0);
    const runs = cloud.ledger.committedCreates().map(({ metadata }) => metadata['snapkeep_run']);
    expect(new Set(runs).size).toBe(runs.length);
    const dues = [...new Set(cloud.ledger.committedCreates().map(({ metadata }) => Date.parse(metadata['snapkeep_due'] ?? '')))].toSorted((a, b) => a - b);
    expect(dues.length).toBeGreaterThan(6);
    expect(dues.slice(1).every((due, n) => due - (dues[n] ?? 0) === 2_000)).toBe(true);
  } finally {
    await redis.stop();
  }
});
