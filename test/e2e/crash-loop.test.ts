import { expect, test } from 'vitest';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../support/redis-process.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { OutputLine } from '../support/spawn-snapkeep.ts';
import { tempDir } from '../support/temp-dir.ts';
import { waitFor } from '../support/wait-for.ts';
import { PASSWORD_VARIABLE, policyFile } from './policy-file.ts';

interface Run {
  readonly id: string;
  readonly due: string;
  readonly outcome: string;
}

const event = (name: string) => (line: OutputLine) => line.json?.['event'] === name;

test('A10 (taskforcesh/bullmq #2876): a replica in a crash loop across due times adds nothing and takes nothing away', { timeout: 180_000 }, async () => {
  await using cloud = await startSimulator({ volumes: 4, creation: { minMs: 10, maxMs: 200 }, snapshotsPerVolume: null });
  await using dir = await tempDir('crash-loop');
  const redis = await startProcess({});
  try {
    const file = await policyFile(dir.path, cloud, { cron: '*/2 * * * * *' });
    const serve = () => spawnSnapkeep(['serve', '--config', file, '--redis', redis.url, '--port', '0'], { env: { [PASSWORD_VARIABLE]: 'simulator' } });
    const ask = async (...args: string[]) => {
      const command = spawnSnapkeep([...args, '--config', file, '--redis', redis.url, '--json']);
      expect((await command.waitForExit(20_000)).code).toBe(0);
      return JSON.parse(command.stdout()) as { runs: Run[] };
    };
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

    // Nothing new from here on, and what the killed ones left behind is brought to its end.
    await ask('pause', 'often');
    await waitFor(() => ask('runs', '--outcome', 'pending'), ({ runs }) => runs.length === 0, { timeoutMs: 60_000, intervalMs: 500, what: 'the last pending run' });
    steady.kill('SIGTERM');
    expect((await steady.waitForExit(15_000)).code).toBe(0);

    const { runs } = await ask('runs', '--limit', '1000');
    const creates = cloud.ledger.committedCreates().map(({ metadata }) => metadata['snapkeep_run'] ?? '');
    expect(creates.toSorted()).toEqual(runs.filter(({ outcome }) => outcome === 'available').map(({ id }) => id).toSorted());
    expect(runs.filter(({ outcome }) => !['available', 'skipped'].includes(outcome))).toEqual([]);
    const dues = [...new Set(runs.map(({ due }) => Date.parse(due)))].toSorted((a, b) => a - b);
    expect(dues.length).toBeGreaterThan(6);
    expect(dues.map((due) => runs.filter((run) => Date.parse(run.due) === due).length)).toEqual(dues.map(() => 4));
    expect(dues.slice(1).map((due, n) => due - (dues[n] ?? 0))).toEqual(dues.slice(1).map(() => 2_000));
  } finally {
    await redis.stop();
  }
});
