import { readStatus } from '#app/read-status';
import type { StatusDeps } from '#app/read-status';
import type { PolicyStatus } from '#app/views/status-view';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';
import { humanSeconds, table } from './table.ts';

/** Overdue volumes named for each policy on a terminal; `--json` names all. */
const OVERDUE_SHOWN = 10;

/** Prints the state of all policies or of one. An unknown name is wrong usage. */
export async function runStatus(deps: StatusDeps, args: { policy?: string; json: boolean }, io: Io): Promise<number> {
  if (args.policy !== undefined && knownPolicy(deps.policies, args.policy, io) === null) return EXIT.usage;
  const status = await readStatus(deps, args.policy);
  io.stdout.write(args.json ? `${JSON.stringify(status)}\n` : `${render(status.policies)}\n`);
  return EXIT.done;
}

function render(policies: readonly PolicyStatus[]): string {
  const rows = policies.map((policy) => {
    const runs = policy.lastFiring?.runs;
    const last = policy.lastFiring === null ? '-' : `${policy.lastFiring.due} (${policy.lastFiring.trigger})`;
    const outcome = runs === undefined ? '-' : `${runs.available} ok, ${runs.failed} failed, ${runs.skipped} skipped, ${runs.abandoned} abandoned, ${runs.pending} pending`;
    const lag = policy.rpoLagSeconds === null ? '-' : `${humanSeconds(policy.rpoLagSeconds)} of ${humanSeconds(policy.rpoSeconds)}`;
    const overdue = policy.overdueVolumes.length === 0 ? 'none' : String(policy.overdueVolumes.length);
    return [policy.policy, policy.paused ? 'paused' : (policy.nextDue ?? '-'), last, outcome, String(policy.volumes), lag, overdue];
  });
  const lines = [table(['POLICY', 'NEXT DUE', 'LAST FIRING', 'RUNS', 'VOLUMES', 'RPO LAG', 'OVERDUE'], rows)];
  for (const policy of policies) {
    if (policy.pruneBraked !== null) lines.push(`prune braked: ${policy.policy}: ${policy.pruneBraked}; see snapkeep prune ${policy.policy} --dry-run`);
    for (const volume of policy.overdueVolumes.slice(0, OVERDUE_SHOWN)) {
      lines.push(`overdue: ${policy.policy} ${volume.name ?? volume.id} (${volume.id}) ${humanSeconds(volume.rpoLagSeconds)}: ${volume.reason}`);
    }
    const more = policy.overdueVolumes.length - OVERDUE_SHOWN;
    if (more > 0) lines.push(`overdue: ${policy.policy} and ${more} more; --json names all`);
  }
  return lines.join('\n');
}
