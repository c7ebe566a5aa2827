import { CurrentPolicies } from '#app/current-policies';
import type { Clouds } from '#app/ports/clouds';
import type { Ledger } from '#app/ports/ledger';
import type { Policies } from '#app/ports/policies';
import type { PruneBook } from '#app/ports/prune-book';
import { EXIT } from '../cli/io.ts';
import type { Io } from '../cli/io.ts';
import type { StoreArgs } from '../cli/program.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { loadSet } from './load-set.ts';

/** What a command gets that talks to the clouds and can do without Redis. */
export interface Guest {
  readonly policies: Policies;
  /** What loading the files warned of, as `validate` prints it. */
  readonly fileWarnings: readonly string[];
  readonly ledger: Pick<Ledger, 'now' | 'pausedPolicies' | 'lastGoodOf'>;
  readonly book: Pick<PruneBook, 'brakes'>;
}

/** The policy files alone: no Redis, no cloud. Nothing is known to be paused but what the files say. */
export async function withFiles(paths: readonly string[], io: Io, command: (guest: Guest) => Promise<number>): Promise<number> {
  const loaded = await loadSet(paths, io);
  if (loaded === null) return EXIT.usage;
  const fileWarnings = loaded.warnings.map(({ file, line, column, path, message }) => `${file}:${line}:${column}: ${path}: ${message}`);
  const ledger = { now: async () => systemClock.now(), pausedPolicies: async () => new Map(), lastGoodOf: async () => new Map() };
  return command({ policies: new CurrentPolicies(loaded.set), fileWarnings, ledger, book: { brakes: async () => new Map() } });
}

/**
 * The policy files and the clouds. With Redis the calls share the pace of the running service; without it (a restore may be
 * what is left to do when everything else is gone) that is said, and the command keeps the rate by itself.
 */
export async function withGuest(args: StoreArgs, io: Io, command: (guest: Guest & { readonly clouds: Clouds }) => Promise<number>): Promise<number> {
  return withFiles(args.config, io, async (guest) => {
    const [{ openGuestRedis }, { RedisLedger }, { RedisPruneBook }, { BuiltClouds }, { packageVersion }] = await Promise.all([
      import('./guest-redis.ts'),
      import('../adapters/redis/redis-ledger.ts'),
      import('../adapters/redis/redis-prune-book.ts'),
      import('./build-clouds.ts'),
      import('./version.ts'),
    ]);
    const opened = await openGuestRedis(args, io);
    if (opened === null) return EXIT.usage;
    const { client } = opened;
    const { instance } = guest.policies.current();
    const ledger = client === null ? guest.ledger : new RedisLedger(client, instance, systemClock);
    const book = client === null ? guest.book : new RedisPruneBook(client, instance);
    const clouds = new BuiltClouds({ policies: guest.policies, clock: systemClock, telemetry: { emit: () => undefined }, random: Math.random, version: packageVersion(), redis: client, env: process.env });
    try {
      return await command({ ...guest, ledger, book, clouds });
    } finally {
      await clouds.close();
      await opened.close();
    }
  });
}
