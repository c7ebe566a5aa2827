import { Redis } from 'ioredis';
import { firingIdOf } from '#domain/naming/run-id';
import { instant } from '#domain/time';
import { keysOf } from '../../src/adapters/redis/keys.ts';
import { runFiring } from './firing-run.ts';
import { INSTANCE } from './policy-file.ts';
import { countCommands, sum } from './redis-facts.ts';
import type { CommandCount } from './redis-facts.ts';

export interface CountedFiring {
  readonly callsPerSnapshot: number;
  /** Sent by all processes from the due time to the end, over the volumes. */
  readonly commandsPerRun: number;
  /** The same by name, the most frequent first, for whoever looks into it. */
  readonly byCommand: ReadonlyMap<string, number>;
  /** Carried out by the server, those inside scripts included. */
  readonly carriedOutPerRun: number;
  /** What the records of a firing's runs take in the history, over the volumes. */
  readonly bytesPerFinishedRun: number;
}

/** One firing whose commands and calls are counted; counting slows it, its times mean nothing. */
export async function countFiring(volumes: number): Promise<CountedFiring> {
  await using stack = new AsyncDisposableStack();
  let count: CommandCount | null = null;
  let bytes = Number.NaN;
  let carriedOut = Number.NaN;
  let byCommand: ReadonlyMap<string, number> = new Map();
  const result = await runFiring(
    { volumes, workers: 1, cloud: { creation: { minMs: 200, maxMs: 1_000 } } },
    async ({ redisUrl, due }) => {
      byCommand = count?.sent() ?? byCommand;
      carriedOut = (await count?.carriedOut()) ?? carriedOut;
      const redis = new Redis(redisUrl);
      stack.defer(() => redis.disconnect());
      const id = firingIdOf(INSTANCE, 'once-0', instant(due));
      const keys = keysOf(INSTANCE);
      const sizes = await Promise.all([keys.runsOf(id), keys.firing(id)].map((key) => redis.memory('USAGE', key, 'SAMPLES', 0)));
      bytes = sizes.reduce((total: number, size) => total + Number(size), 0);
    },
    async ({ redisUrl }) => {
      count = stack.use(await countCommands(redisUrl));
    },
  );
  const sorted = new Map([...byCommand].toSorted(([, a], [, b]) => b - a).map(([name, calls]) => [name, calls / volumes]));
  return {
    callsPerSnapshot: result.requests / volumes,
    commandsPerRun: sum(byCommand) / volumes,
    byCommand: sorted,
    carriedOutPerRun: carriedOut / volumes,
    bytesPerFinishedRun: bytes / volumes,
  };
}
