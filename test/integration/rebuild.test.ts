import { describe, expect, test } from 'vitest';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { stage } from './running-service.ts';

async function flush(url: string): Promise<void> {
  const client = connectRedis(parseRedisUrl(url), 'commands');
  await client.flushall();
  client.disconnect();
}

function goodByRun(cloud: Simulator): number[] {
  const runs = new Map<string, number>();
  for (const { status, metadata } of cloud.snapshots()) {
    const run = metadata['snapkeep_run'] ?? 'foreign';
    if (status === 'available') runs.set(run, (runs.get(run) ?? 0) + 1);
  }
  return [...runs.values()];
}

describe.concurrent('Redis loses everything (A17)', () => {
  test('after the creates of a firing were accepted: its snapshots are found again, none is made twice', async () => {
    await using redis = await startRedis();
    await using scene = await stage({ redisUrl: redis.url, due: [2], cloud: { volumes: 5, creation: { minMs: 4_000, maxMs: 5_000 } } });
    const { service, telemetry } = await scene.serve();
    await waitFor(() => Promise.resolve(scene.cloud.ledger.committedCreates().length), (made) => made === 5, { what: 'five creates', timeoutMs: 10_000, intervalMs: 10 });

    await flush(redis.url);
    await telemetry.until((told) => told.count('firing.finished') >= 1, 'the firing to be taken up and finished', 18_000);

    expect(telemetry.count('state.rebuilt')).toBe(1);
    expect(scene.cloud.ledger.committedCreates()).toHaveLength(5);
    expect(goodByRun(scene.cloud)).toEqual([1, 1, 1, 1, 1]);
    expect((await scene.runs(service)).map(({ outcome, adopted }) => ({ outcome, adopted }))).toEqual(Array.from({ length: 5 }, () => ({ outcome: 'available', adopted: true })));
  });

  test('just before a due time of a policy without any snapshot: the due time fires', async () => {
    await using redis = await startRedis();
    await using scene = await stage({ redisUrl: redis.url, due: [3], cloud: { volumes: 2 } });
    const { service, telemetry } = await scene.serve();
    await waitFor(() => service.ledger.policyStates(['often']), (states) => states.has('often'), { what: 'the record of the policy', intervalMs: 10 });

    await flush(redis.url);
    await telemetry.until((told) => told.count('firing.finished') >= 1, 'the firing', 18_000);

    expect(goodByRun(scene.cloud)).toEqual([1, 1]);
  });
});
