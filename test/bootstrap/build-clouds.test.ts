import { afterAll, beforeAll, expect, test } from 'vitest';
import { CurrentPolicies } from '#app/current-policies';
import type { PolicySet } from '#domain/policy';
import type { Target } from '#domain/target';
import { MINUTE } from '#domain/time';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { BuiltClouds } from '../../src/bootstrap/build-clouds.ts';
import { startSimulator } from '../../src/simulator/start-simulator.ts';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { World } from '../fakes/world.ts';
import { startRedis } from '../support/redis.ts';
import type { RedisServer } from '../support/redis.ts';

let redis: RedisServer;
let client: RedisClient;
let cloud: Simulator;
beforeAll(async () => {
  redis = await startRedis();
  client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  cloud = await startSimulator({ volumes: 1 });
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
  await cloud.close();
});

test('a changed target gets another cloud, and whoever holds the old one may go on with it for five minutes', async () => {
  const world = new World({ now: new Date().toISOString() });
  const { clock } = world;
  const [model] = world.policies.current().targets;
  if (model === undefined) throw new Error('this world has no target');
  const { user, domain } = cloud.credentials;
  const auth: Target['auth'] = { type: 'password', identityEndpoint: cloud.identityEndpoint, username: user, domain, userDomain: null, projectDomain: null, projectName: null, password: { env: 'PASSWORD' }, agency: null };
  const target = (limit: number, name = 'one'): Target => ({ ...model, name, endpoint: cloud.evsEndpoint, projectId: cloud.projectId, auth, limits: { ...model.limits, concurrentCreates: limit } });
  const setOf = (...targets: Target[]): PolicySet => ({ ...world.policies.current(), targets });
  const policies = new CurrentPolicies(setOf(target(20), target(20, 'two')));
  const clouds = new BuiltClouds({ policies, clock, telemetry: new RecordingTelemetry(), random: () => 0.5, version: '1.2.3', redis: client, env: { PASSWORD: cloud.credentials.password } });
  const id = cloud.volumes()[0]?.id ?? '';
  const before = clouds.of('one');
  const other = clouds.of('two');
  await before.showVolume(id);
  await other.showVolume(id);
  expect(clouds.tokens().map(({ target: name }) => name)).toEqual(['one', 'two']);

  policies.replace(setOf(target(20), target(20, 'two')));
  expect(clouds.of('one')).toBe(before);
  policies.replace(setOf(target(5)));
  const after = clouds.of('one');
  expect(after).not.toBe(before);
  expect(clouds.tokens()).toEqual([]);
  await after.showVolume(id);
  expect(clouds.tokens().map(({ target: name }) => name)).toEqual(['one']);
  // Runs on a target that is gone are finished on it.
  expect(clouds.of('two')).toBe(other);
  await other.showVolume(id);
  expect(() => clouds.of('three')).toThrow('no target is called three');

  await clock.advance(4 * MINUTE);
  await before.showVolume(id);
  await clock.advance(2 * MINUTE);
  await expect(before.showVolume(id)).rejects.toThrow('closed');
  await after.showVolume(id);
  await clouds.close();
  await expect(after.showVolume(id)).rejects.toThrow('closed');
});
