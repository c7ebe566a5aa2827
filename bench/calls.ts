import type { Figure } from './figure.ts';
import { countFiring } from './support/counted-firing.ts';
import { pruneCallsPerSnapshot } from './support/counted-prune.ts';

const PRUNED = 10_000;
const RUNS = 1_000;
const CREATE_CALLS = 1.05;
const PRUNE_CALLS = 1.1;
const COMMANDS = 10;
const BYTES = 600;

/** What a run and a pruned snapshot cost in calls to the cloud and commands to Redis: counts, the same on any machine. */
export async function benchCalls(): Promise<readonly Figure[]> {
  return [...(await pruneFigures(PRUNED)), ...(await runFigures(RUNS))];
}

export async function pruneFigures(snapshots: number): Promise<readonly Figure[]> {
  const calls = await pruneCallsPerSnapshot(snapshots);
  return [{ name: `API calls per pruned snapshot, ${snapshots} deleted of ${snapshots * 2}`, value: calls, unit: 'calls', target: `<= ${PRUNE_CALLS}`, ok: calls <= PRUNE_CALLS, samples: [calls] }];
}

export async function runFigures(volumes: number): Promise<readonly Figure[]> {
  const { callsPerSnapshot, commandsPerRun, byCommand, carriedOutPerRun, bytesPerFinishedRun } = await countFiring(volumes);
  const most = [...byCommand].slice(0, 3).map(([name, calls]) => `${name} ${calls.toFixed(1)}`);
  return [
    { name: `API calls per snapshot, ${volumes} volumes`, value: callsPerSnapshot, unit: 'calls', target: `<= ${CREATE_CALLS}`, ok: callsPerSnapshot <= CREATE_CALLS, samples: [callsPerSnapshot] },
    { name: `Redis commands sent per run (${most.join(', ')})`, value: commandsPerRun, unit: 'commands', target: `<= ${COMMANDS}`, ok: commandsPerRun <= COMMANDS, samples: [commandsPerRun] },
    { name: 'Redis commands carried out per run, in scripts too', value: carriedOutPerRun, unit: 'commands', target: null, ok: true, samples: [carriedOutPerRun] },
    { name: 'Redis bytes of a finished run in the history', value: bytesPerFinishedRun, unit: 'bytes', target: `<= ${BYTES}`, ok: bytesPerFinishedRun <= BYTES, samples: [bytesPerFinishedRun] },
  ];
}
