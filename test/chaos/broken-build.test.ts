import { cp, readFile, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { tempDir } from '../support/temp-dir.ts';
import { stageChaos } from './scene.ts';
import * as settings from './settings.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const lengthMs = Math.min(settings.seconds, 20) * 1_000;

/** The launcher of a copy of this checkout in which one piece of the source stands for another. */
async function brokenBuild(dir: string, file: string, from: string, to: string): Promise<string> {
  for (const part of ['bin', 'src', 'config', 'package.json']) await cp(path.join(root, part), path.join(dir, part), { recursive: true });
  await symlink(path.join(root, 'node_modules'), path.join(dir, 'node_modules'));
  const source = await readFile(path.join(dir, file), 'utf8');
  if (!source.includes(from)) throw new Error(`${file} has changed: it no longer contains ${from}`);
  await writeFile(path.join(dir, file), source.replace(from, to));
  return path.join(dir, 'bin/snapkeep');
}

// The audit is worth something only if it sees what it is there to see.
test('the audit catches a build that does not look for the snapshot of a lost answer', { timeout: lengthMs + settings.SETTLE_MS }, async () => {
  await using dir = await tempDir('broken');
  const launcher = await brokenBuild(dir.path, 'src/app/look-for-snapshot.ts', 'const usable = own.filter(', 'const usable = own.slice(own.length).filter(');
  await using redis = await startRedis();
  await using scene = await stageChaos({ label: 'broken build', seed: settings.seed, redisUrl: redis.url, schedulers: 1, workers: 2, launcher, isBroken: true });

  await sleep(lengthMs);
  const result = await scene.settle();

  expect(result.lost).toEqual([]);
  expect(result.duplicated.length).toBeGreaterThan(0);
});
