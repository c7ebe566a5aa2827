import { freePort } from './free-port.ts';
import { localUrl, serverArguments, untilReady } from './redis-ready.ts';
import type { RedisOptions, RedisServer } from './redis.ts';

const image = 'redis:7';

/** A Redis in a container, on a fixed loopback port so that it is found there again after a restart. */
export async function startContainer(options: RedisOptions): Promise<RedisServer> {
  // Loaded here because most runs need none of it.
  const { GenericContainer, getContainerRuntimeClient } = await import('testcontainers');
  const port = await freePort();
  const url = localUrl(port, options.requirePass);
  let definition = new GenericContainer(image)
    .withExposedPorts({ container: 6379, host: port })
    .withCommand(['redis-server', ...serverArguments(options)]);
  if (options.dir !== undefined) {
    definition = definition.withBindMounts([{ source: options.dir, target: '/data' }]).withWorkingDir('/data');
  }
  const container = await definition.start();
  const engine = (await getContainerRuntimeClient()).container.getById(container.getId());
  const isRunning = async () => (await engine.inspect()).State.Running;

  let stopped = false;
  async function stop(): Promise<void> {
    if (stopped) return;
    stopped = true;
    await engine.remove({ force: true, v: true });
  }
  try {
    await untilReady(url, () => null);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    url,
    port,
    pid: null,
    stop,
    async kill(signal = 'SIGKILL') {
      await engine.kill({ signal });
      if (!['SIGSTOP', 'SIGCONT', 'SIGUSR1', 'SIGUSR2', 'SIGHUP'].includes(signal)) await engine.wait();
    },
    async restart() {
      if (await isRunning()) await engine.stop({ t: 5 });
      await engine.start();
      await untilReady(url, () => null);
    },
    [Symbol.asyncDispose]: stop,
  };
}
