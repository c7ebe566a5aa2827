import { GenericContainer, getContainerRuntimeClient, Wait } from 'testcontainers';
import type { StartedNetwork } from 'testcontainers';
import { freePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';

export interface ContainerOptions {
  readonly image: string;
  /** How the others on the network call it. */
  readonly alias: string;
  readonly network: StartedNetwork;
  readonly command: readonly string[];
  readonly port: number;
  /** A line that it prints once it has begun. */
  readonly startedLine: RegExp;
  readonly env?: Readonly<Record<string, string>>;
  /** Directories of this machine, read-only, by their place in the container. */
  readonly mounts?: Readonly<Record<string, string>>;
  /** As the chart's pods: read-only root, a user that is not root, no capabilities, none to gain. */
  readonly isRestricted?: boolean;
}

export interface Container {
  /** Its port, on loopback of this machine. */
  readonly url: string;
  /** Epoch milliseconds, by the engine. */
  startedAt(): Promise<number>;
  health(): Promise<string | undefined>;
  /** SIGKILL, and until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, SIGKILL after so many seconds; resolves to the exit code. */
  stop(graceSeconds: number): Promise<number>;
  restart(): Promise<void>;
  exec(command: readonly string[]): Promise<{ output: string; exitCode: number }>;
  /** The log so far, both streams. */
  log(): Promise<string>;
  remove(): Promise<void>;
}

/** The engine's own options are not all in the library's vocabulary. */
class RestrictedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.ReadonlyRootfs = true;
    this.withUser('65532:65532').withDroppedCapabilities('ALL').withSecurityOpt('no-new-privileges');
  }
}

export async function startContainer(options: ContainerOptions): Promise<Container> {
  const { image, network, alias, command, port, mounts = {}, isRestricted = false } = options;
  const host = await freePort();
  const definition = (isRestricted ? new RestrictedContainer(image) : new GenericContainer(image))
    .withNetwork(network)
    .withNetworkAliases(alias)
    // Whoever ends the tests half-way finds them by it.
    .withLabels({ 'snapkeep.test': process.env['SNAPKEEP_TEST_RUN'] ?? 'by hand' })
    .withCommand([...command])
    .withEnvironment({ ...options.env })
    // Always the same one, so that it is found there again after a restart.
    .withExposedPorts({ container: port, host })
    .withBindMounts(Object.entries(mounts).map(([target, source]) => ({ source, target, mode: 'ro' as const })))
    .withWaitStrategy(Wait.forLogMessage(options.startedLine));
  const started = await definition.start();
  const engine = await getContainerRuntimeClient();
  const container = engine.container.getById(started.getId());
  const state = async () => (await container.inspect()).State;

  return {
    url: `http://127.0.0.1:${host}`,
    startedAt: async () => Date.parse((await state()).StartedAt),
    health: async () => (await state()).Health?.Status,
    async kill() {
      await container.kill({ signal: 'SIGKILL' });
      await container.wait();
    },
    async stop(graceSeconds) {
      await container.stop({ t: graceSeconds });
      return (await state()).ExitCode;
    },
    restart: () => started.restart({ timeout: 5_000 }),
    exec: async (words) => await started.exec([...words]),
    async log() {
      const text = await container.logs({ stdout: true, stderr: true, follow: false });
      // The engine frames each piece with eight bytes.
      return text.toString('utf8').replaceAll(/[\u0000-\u0002]\u0000{3}[^]{4}/g, '');
    },
    async remove() {
      await container.remove({ force: true, v: true });
    },
  };
}

/** How long after its start a container's `/readyz` first answered 200, milliseconds. */
export async function untilReady(container: Container): Promise<number> {
  await waitFor(() => fetch(`${container.url}/readyz`).then(({ status }) => status, () => 0), (status) => status === 200, { what: 'readiness', timeoutMs: 60_000, intervalMs: 20 });
  return Date.now() - (await container.startedAt());
}
