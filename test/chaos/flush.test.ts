import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { seededRandom } from '../../src/simulator/state/random.ts';
import { startRedis } from '../support/redis.ts';
import { withConnection } from '../support/redis-ready.ts';
import { auditProblems } from './audit.ts';
import { stageChaos } from './scene.ts';
import * as settings from './settings.ts';

const { seed } = settings;
const lengthMs = Math.min(settings.seconds, 40) * 1_000;

test(`Redis loses everything once (seed ${seed}, ${lengthMs / 1_000} s)`, { timeout: lengthMs + settings.SETTLE_MS }, async () => {
  await using redis = await startRedis({ appendOnly: true });
  await using scene = await stageChaos({ label: 'flush', seed, redisUrl: redis.url, workers: 2 });

  const flushAt = Math.round(lengthMs * (0.3 + 0.4 * seededRandom(seed).next()));
  await sleep(flushAt);
  await withConnection(redis.url, (connection) => connection.flushall());
  await sleep(lengthMs - flushAt);
  const result = await scene.settle();

  expect([...scene.fleet.told()].filter(({ event }) => event === 'state.rebuilt').length).toBeGreaterThan(0);
  expect(auditProblems(result)).toBe('');
});
