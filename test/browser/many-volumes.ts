import { CurrentPolicies } from '#app/current-policies';
import { ended, newRun } from '#domain/run';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import { DAY, addMs, instant } from '#domain/time';
import { createServer } from '#server/http-server';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { policyOf } from '../fakes/world.ts';
import { startRedis } from '../support/redis.ts';

const FIRINGS = 30;
const CHUNK = 1_000;

/** A server over a real Redis that holds a policy of so many volumes with 30 firings; every hundredth run of the newest failed. */
export async function manyVolumes(count: number): Promise<AsyncDisposable & { readonly url: string }> {
  const redis = await startRedis();
  const client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  const ledger = new RedisLedger(client, 'many', systemClock);
  const policy = policyOf();
  const policies = new CurrentPolicies({ instance: 'many', targets: [], policies: [policy], notifications: [], revision: 's1' });
  const ids = Array.from({ length: count }, (_, n) => `vol-${String(n).padStart(6, '0')}`);
  const today = instant(Math.floor(Date.now() / DAY) * DAY);
  await ledger.setCovered(policy.name, ids, addMs(today, -FIRINGS * DAY));

  for (let back = FIRINGS - 1; back >= 0; back -= 1) {
    const due = addMs(today, -back * DAY);
    const firing = await ledger.openFiring({ id: firingIdOf('many', policy.name, due), policy: policy.name, target: policy.target, due, trigger: 'schedule', plannedAt: due });
    for (let from = 0; from < count; from += CHUNK) {
      const runs = ids.slice(from, from + CHUNK).map((id) => newRun(runIdIn(firing.id, id), { id, name: `database ${id}`, named: false }));
      if (back > 0) {
        await ledger.addRuns(firing, runs.map((run) => ended(run, 'available', due, null)));
        continue;
      }
      await ledger.addRuns(firing, runs);
      await Promise.all(runs.map(async (run, index) => {
        const outcome = index % 100 === 7 ? 'failed' : 'available';
        const failure = outcome === 'failed' ? ({ kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: 'The volume is in error status.', requestId: null } as const) : null;
        await ledger.endRun(firing, { ...ended(run, outcome, due, failure), outcome }, 1);
        if (outcome === 'available') await ledger.markGood(policy.name, run.volumeId, systemClock.now());
      }));
    }
    await ledger.closeFiring(firing);
  }

  const server = createServer({
    readiness: { redis: () => null },
    metrics: async () => ({ contentType: 'text/plain', text: Buffer.alloc(0) }),
    api: { ledger, book: { brakes: async () => new Map() }, policies, queues: async () => [], actions: null, now: () => systemClock.now() },
    adminToken: async () => null,
    board: async () => null,
    onError: (_method, _route, error) => {
      throw error;
    },
    version: '0.0.0',
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return {
    url,
    async [Symbol.asyncDispose]() {
      await server.close();
      client.disconnect();
      await redis.stop();
    },
  };
}
