import type { Clouds } from '#app/ports/clouds';
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
