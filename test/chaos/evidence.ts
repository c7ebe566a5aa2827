import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { spawnSnapkeep } from '../support/spawn-snapkeep.ts';
import type { MadeSnapshot, RunRecord, Told } from './audit.ts';
import { MADE_IN_VAIN } from './faults.ts';

/** What the cloud made for this instance on request, by its own ledger. */
export function madeBy(cloud: Simulator, instance: string): readonly MadeSnapshot[] {
  const faults = new Map(cloud.ledger.creates().map(({ n, fault }) => [n, fault]));
  return cloud.ledger
    .committedCreates()
    .filter(({ metadata }) => metadata['snapkeep_instance'] === instance)
    .map(({ snapshotId, metadata, requestN }) => ({ id: snapshotId, runId: metadata['snapkeep_run'] ?? '', inVain: faults.get(requestN) === MADE_IN_VAIN }));
}

export function goodOf(cloud: Simulator, instance: string): readonly { id: string; runId: string }[] {
  return cloud
    .snapshots()
    .filter(({ status, metadata }) => status === 'available' && metadata['snapkeep_instance'] === instance)
    .map(({ id, metadata }) => ({ id, runId: metadata['snapkeep_run'] ?? '' }));
}

/** The reasons and let-go due times in the logs. */
export function toldBy(lines: Iterable<Readonly<Record<string, unknown>>>): Told {
  const reasons = new Map<string, string>();
  const missed: { policy: string; first: number; last: number }[] = [];
  for (const line of lines) {
    const event = line['event'];
    if (event === 'policy.missed') missed.push({ policy: String(line['policy']), first: Date.parse(String(line['first'])), last: Date.parse(String(line['last'])) });
    if (event === 'run.failed') reasons.set(String(line['runId']), String(line['errorMessage']));
    if (event === 'run.skipped' || event === 'run.abandoned') reasons.set(String(line['runId']), String(line['reason']));
  }
  return { reasons, missed };
}

/** All run records, as `snapkeep runs --json` prints them. */
export async function runRecords(args: readonly string[]): Promise<ReadonlyMap<string, RunRecord>> {
  const records = new Map<string, RunRecord>();
  let after: string | null = null;
  do {
    const page: { runs: RunRecord[]; next: string | null } = JSON.parse(await output(['runs', '--json', '--limit', '1000', ...args, ...(after === null ? [] : ['--after', after])]));
    for (const run of page.runs) records.set(run.id, run);
    after = page.next;
  } while (after !== null);
  return records;
}

async function output(args: readonly string[]): Promise<string> {
  const command = spawnSnapkeep(args);
  const { code } = await command.waitForExit(60_000);
  if (code !== 0) throw new Error(`snapkeep ${args.join(' ')} ended with ${code}: ${command.stderr()}`);
  return command.stdout();
}
