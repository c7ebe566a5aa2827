import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { auditProblems } from './audit.ts';
import { stageChaos } from './scene.ts';
import { startSentinels } from './sentinels.ts';
import * as settings from './settings.ts';

const { seed } = settings;
const lengthMs = Math.min(settings.seconds, 40) * 1_000;

test(`the Redis master dies and Sentinel makes the replica master (seed ${seed}, ${lengthMs / 1_000} s)`, { timeout: lengthMs + settings.SETTLE_MS }, async () => {
  await using redis = await startSentinels();
  await using scene = await stageChaos({ label: 'sentinel', seed, redisUrl: redis.url, workers: 2 });

  await sleep(lengthMs / 3);
  await redis.failOver();
  await sleep((lengthMs * 2) / 3);
  const result = await scene.settle();

  expect(auditProblems(result)).toBe('');
});
