import { withConnection } from './redis-ready.ts';
import type { RedisOptions, RedisServer } from './redis.ts';

const databases = 16;
const claim = 'snapkeep-test-claim';

/**
 * An empty database of a server that somebody else runs. A database that holds anything is never touched; the one
 * taken is marked, so that test files side by side get one each, and emptied at the end.
 */
export async function startGiven(given: string, options: RedisOptions): Promise<RedisServer> {
  if (options.appendOnly === true || options.dir !== undefined || options.config !== undefined || options.requirePass !== undefined) {
    throw new Error('this test sets options of its Redis server: run it without a SNAPKEEP_TEST_REDIS URL');
  }
  const base = new URL(given);
  for (let database = 0; database < databases; database += 1) {
    const url = new URL(base);
    url.pathname = `/${database}`;
    const taken = await withConnection(url.href, async (redis) => {
      if ((await redis.dbsize()) > 0) return false;
      return (await redis.set(claim, process.pid, 'NX')) === 'OK';
    });
    if (taken) return lend(url);
  }
  throw new Error(`none of the ${databases} databases of ${base.host} is empty`);
}

function lend(url: URL): RedisServer {
  const refuse = async () => {
    throw new Error('a given Redis is not ours to end: run this test without a SNAPKEEP_TEST_REDIS URL');
  };
  let stopped = false;
  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    await withConnection(url.href, (redis) => redis.flushdb());
  }
  const port = url.port === '' ? 6379 : Number(url.port);
  return { url: url.href, port, pid: null, stop, kill: refuse, restart: refuse, [Symbol.asyncDispose]: stop };
}
