import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { runIdOf } from '#domain/naming/run-id';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import { DAY, addMs, instant } from '#domain/time';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startProcess } from '../../test/support/redis-process.ts';
import { tempDir } from '../../test/support/temp-dir.ts';
import { buildOnce } from './build.ts';
import { INSTANCE, PASSWORD_ENV, policyText, writePolicyFile } from './policy-file.ts';

const POLICY = 'nightly';
/** Half of them go: exactly as many as the brake lets pass. */
const PER_VOLUME = 2;

/** API calls of `snapkeep prune`, listings and looks included, over the snapshots that it deleted: half of all there are. */
export async function pruneCallsPerSnapshot(volumes: number): Promise<number> {
  buildOnce();
  await using redis = await startProcess({});
  await using cloud = await startSimulator({ volumes, snapshotsPerVolume: null, deletion: { minMs: 100, maxMs: 500 } });
  fill(cloud);
  await using dir = await tempDir('bench');
  const policy = { name: POLICY, cron: '0 0 2 * * *', volumes: 'vol-*', more: ['retention: { last: 1 }'] };
  const config = await writePolicyFile(dir.path, policyText(cloud, [policy]));
  const child = spawn(process.execPath, ['dist/main.js', 'prune', '--config', config, '--redis', redis.url, '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, [PASSWORD_ENV]: cloud.credentials.password },
  });
  const [printed, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  const deleted = cloud.ledger.effects({ kind: 'snapshot-deleted' }).length;
  if (code !== 0 || deleted !== volumes * (PER_VOLUME - 1)) throw new Error(`prune deleted ${deleted} snapshots and ended with ${code}: ${printed.slice(0, 500)}`);
  return cloud.ledger.requests().filter(({ operation }) => operation !== 'auth').length / deleted;
}

/** Owned snapshots of the last days, one a day and volume. */
function fill(cloud: Simulator): void {
  const today = Math.floor(Date.now() / DAY) * DAY;
  for (let age = PER_VOLUME; age > 0; age -= 1) {
    const due = instant(today - age * DAY);
    for (const { id } of cloud.volumes()) {
      const metadata = ownedMetadata({ instance: INSTANCE, policy: POLICY, due, runId: runIdOf(INSTANCE, POLICY, id, due) });
      cloud.putSnapshot({ volume: id, name: `nightly-${id}`, metadata, createdAt: addMs(due, 60_000) });
    }
  }
}
