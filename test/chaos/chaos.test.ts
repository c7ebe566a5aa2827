import { expect, test } from 'vitest';
import { startRedis } from '../support/redis.ts';
import { auditProblems } from './audit.ts';
import { chaosPlan } from './chaos-plan.ts';
import { play } from './play.ts';
import { stageChaos } from './scene.ts';
import * as settings from './settings.ts';

const { seed, seconds } = settings;
const lengthMs = seconds * 1_000;

test(`processes killed and suspended, Redis killed, a cloud on a bad day (seed ${seed}, ${seconds} s)`, { timeout: lengthMs + settings.SETTLE_MS }, async () => {
  await using redis = await startRedis({ appendOnly: true });
  await using scene = await stageChaos({ label: 'chaos', seed, redisUrl: redis.url });

  await play(scene, redis, chaosPlan(seed, lengthMs, scene.fleet.size), lengthMs);
  const result = await scene.settle();

  expect(auditProblems(result)).toBe('');
  expect(result.triples).toBeGreaterThan(seconds * 10);
  expect(result.good).toBeGreaterThan(result.triples / 3);
  // With so many attempts nothing that passes by itself may end a run: only due times that come too soon are skipped.
  expect(Object.keys(result.reasons).filter((reason) => !reason.startsWith('overlap: '))).toEqual([]);
});
