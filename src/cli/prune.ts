import { CloudFailure } from '#domain/failure/failure';
import { previewPrune } from '#app/preview-prune';
import type { PruneDeps } from '#app/prune/prune-deps';
import { pruneNow } from '#app/prune/prune-now';
import type { PolicyPrune, PruneView } from '#app/views/prune-view';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';
import { table } from './table.ts';

export interface PruneArgs {
  readonly policy?: string;
  readonly dryRun: boolean;
  readonly confirm: boolean;
  readonly json: boolean;
}

/** Deletes what retention lets go, or shows it. A failure where the brake holds or a delete failed. */
export async function runPrune(deps: PruneDeps, args: PruneArgs, io: Io): Promise<number> {
  const { policy, confirm } = args;
  if (policy !== undefined && knownPolicy(deps.policies, policy, io) === null) return EXIT.usage;
  if (args.dryRun && confirm) {
    io.stderr.write('snapkeep: --dry-run deletes nothing, so there is nothing to --confirm\n');
    return EXIT.usage;
  }
  const wanted = deps.policies.current().policies.filter(({ name }) => policy === undefined || name === policy);
  const pruned: PolicyPrune[] = [];
  let isFailed = false;
  for (const target of new Set(wanted.map((each) => each.target))) {
    const only = { target, ...(policy === undefined ? {} : { policy }) };
    try {
      const view = args.dryRun ? await previewPrune(deps, only) : await pruneNow(deps, { ...only, confirm }, new AbortController().signal);
      pruned.push(...view.policies);
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      // What is done on another target is done, and is shown all the same.
      isFailed = true;
      const { httpStatus, code, message } = error.failure;
      io.stderr.write(`snapkeep: target ${target} did not list everything, so nothing of it is decided: ${[httpStatus, code, message].filter((part) => part !== null).join(' ')}\n`);
    }
  }
  const view: PruneView = { dryRun: args.dryRun, policies: pruned };
  if (args.json) io.stdout.write(`${JSON.stringify(view)}\n`);
  else if (pruned.length > 0) io.stdout.write(`${pruned.map((each) => render(each, view)).join('\n\n')}\n`);
  return isFailed || pruned.some(({ braked, failed }) => braked || failed.length > 0) ? EXIT.failed : EXIT.done;
}

function render({ policy, brakeReason, deleted, kept, failed }: PolicyPrune, { dryRun }: PruneView): string {
  const lines = [`${policy}: ${deleted.length} ${dryRun ? 'would be deleted' : 'deleted'}, ${kept.length} stay${failed.length === 0 ? '' : `, ${failed.length} FAILED`}`];
  if (brakeReason !== null) lines.push(`  the brake ${dryRun ? 'would hold' : 'holds'}: ${brakeReason}. Look at --dry-run; then --confirm deletes them, this once`);
  const rows = [
    ...failed.map(({ volumeId, snapshotId, httpStatus, code, message }) => ['FAILED', volumeId, snapshotId, [httpStatus, code, message].filter((part) => part !== null).join(' ')]),
    ...deleted.map(({ volumeId, snapshotId, reasons }) => [dryRun ? 'delete' : 'deleted', volumeId, snapshotId, reasons.join(', ')]),
    ...kept.map(({ volumeId, snapshotId, reasons }) => ['keep', volumeId, snapshotId, reasons.join(', ')]),
  ];
  if (rows.length > 0) lines.push(table(['ACTION', 'VOLUME', 'SNAPSHOT', 'WHY'], rows));
  return lines.join('\n');
}
