import { optionsFromFlags } from '../simulator/options-from-flags.ts';
import { startSimulator } from '../simulator/start-simulator.ts';
import { EXIT } from '../cli/io.ts';
import type { Io } from '../cli/io.ts';
import type { SimulatorArgs } from '../cli/program.ts';
import { firstSignal } from './signals.ts';

/** Runs the simulated cloud until a signal. */
export async function simulator(args: SimulatorArgs, io: Io): Promise<number> {
  const stopRequested = firstSignal(['SIGTERM', 'SIGINT']);
  try {
    const cloud = await startSimulator(optionsFromFlags(args));
    const { user, password, domain } = cloud.credentials;
    const lines = [
      `simulated cloud (${cloud.flavour}) with ${cloud.volumes().length} volumes`,
      `  endpoint          ${cloud.evsEndpoint}`,
      `  identityEndpoint  ${cloud.identityEndpoint}`,
      `  projectId         ${cloud.projectId}`,
      `  username, domain  ${user}, ${domain}`,
      `  password          ${password}`,
      `  what it saw       ${cloud.url}/_sim/ledger`,
    ];
    io.stdout.write(`${lines.join('\n')}\n`);
    await stopRequested;
    await cloud.close();
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    io.stderr.write(`snapkeep: ${error.message}\n`);
    return EXIT.usage;
  }
}
