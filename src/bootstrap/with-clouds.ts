import { CurrentPolicies } from '#app/current-policies';
import type { Clouds } from '#app/ports/clouds';
import type { Policies } from '#app/ports/policies';
import type { PolicySet } from '#domain/policy';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { BuiltClouds } from './build-clouds.ts';
import { packageVersion } from './version.ts';
import type { Store } from './with-store.ts';

/** Runs a command that asks the clouds too; its calls share the pace of the targets with the running service. */
export async function withClouds(store: Store, command: (clouds: Clouds) => Promise<number>): Promise<number> {
  const telemetry = { emit: () => undefined };
  const clouds = new BuiltClouds({ ...store, clock: systemClock, telemetry, random: Math.random, version: packageVersion(), env: process.env });
  try {
    return await command(clouds);
  } finally {
    await clouds.close();
  }
}

/** Without Redis, for what has only the policy files: the calls keep the rate of each target by themselves. */
export async function withCloudsOnly<T>(set: PolicySet, use: (parts: { policies: Policies; clouds: Clouds }) => Promise<T>): Promise<T> {
  const policies = new CurrentPolicies(set);
  const clouds = new BuiltClouds({ policies, redis: null, clock: systemClock, telemetry: { emit: () => undefined }, random: Math.random, version: packageVersion(), env: process.env });
  try {
    return await use({ policies, clouds });
  } finally {
    await clouds.close();
  }
}
