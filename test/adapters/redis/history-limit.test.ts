import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { connectRedis } from '#adapters/redis/connect';
import type { RedisClient } from '#adapters/redis/connect';
import { trimHistory } from '#adapters/redis/history-limit';
import { keysOf } from '#adapters/redis/keys';
import { parseRedisUrl } from '#adapters/redis/redis-url';
import { RedisLedger } from '#adapters/redis/redis-ledger';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import { ended, newRun } from '#domain/run';
import { MINUTE, addMs, instant } from '#domain/time';
import { systemClock } from '../../../src/adapters/clock/system-clock.ts';
import { startRedis } from '../../support/redis.ts';
import type { RedisServer } from '../../support/redis.ts';

const start = instant(Date.parse('2026-11-24T00:00:00Z'));
const keys = keysOf('history');
const limits = { always: 3, runs: 10, firings: 8, every: 1 };
let server: RedisServer;
let redis: RedisClient;
let ledger: RedisLedger;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis(parseRedisUrl(server.url), 'commands');
  redis.on('error', () => undefined);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(async () => {
  await redis.flushall();
  ledger = new RedisLedger(redis, 'history', systemClock);
});

/** A firing with so many runs, all ended unless it stays open; the n-th of its policy. */
async function fire(policy: string, n: number, runs: number, isOpen = false): Promise<string> {
  const due = addMs(start, n * MINUTE);
  const firing = await ledger.openFiring({ id: firingIdOf('history', policy, due), policy, target: 't', due, trigger: 'schedule', plannedAt: due });
  const made = Array.from({ length: runs }, (_, index) => newRun(runIdIn(firing.id, `v${index}`), { id: `v${index}`, name: null, named: false }));
  await ledger.addRuns(firing, made);
  await ledger.closeFiring(firing);
  if (isOpen) return firing.id;
  for (const run of made) await ledger.endRun(firing, { ...ended(run, 'available', due, null), outcome: 'available' }, 1);
  return firing.id;
}

async function kept(policy: string): Promise<string[]> {
  return redis.zrange(keys.historyOf(policy), 0, '-1');
}

it('keeps the newest firings in any case, however many runs they have', async () => {
  const ids = [];
  for (let n = 0; n < 6; n += 1) ids.push(await fire('p', n, 20));

  await trimHistory(redis, keys, 'p', limits);

  expect(await kept('p')).toEqual(ids.slice(-3));
});

it('beyond those, as many as the runs allow', async () => {
  const ids = [];
  for (let n = 0; n < 7; n += 1) ids.push(await fire('p', n, 2));

  await trimHistory(redis, keys, 'p', limits);

  expect(await kept('p')).toEqual(ids.slice(-5));
});

it('never more firings than allowed, not even empty ones', async () => {
  const ids = [];
  for (let n = 0; n < 12; n += 1) ids.push(await fire('p', n, 0));

  await trimHistory(redis, keys, 'p', limits);

  expect(await kept('p')).toEqual(ids.slice(-8));
});

it('drops no firing that has runs under way, and nothing of another policy', async () => {
  const open = await fire('p', 0, 20, true);
  for (let n = 1; n < 6; n += 1) await fire('p', n, 20);
  const other = await fire('other', 0, 20);

  await trimHistory(redis, keys, 'p', limits);

  expect(await kept('p')).toContain(open);
  expect(await kept('other')).toEqual([other]);
});

it('leaves no key behind: after many firings there are as many keys as after few', async () => {
  const sizes: number[] = [];
  for (let n = 0; n < 40; n += 1) {
    await fire('p', n, 4);
    await trimHistory(redis, keys, 'p', limits);
    sizes.push(await redis.dbsize());
  }

  expect(new Set(sizes.slice(10))).toEqual(new Set([sizes[10]]));
});
