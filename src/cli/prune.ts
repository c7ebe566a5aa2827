import { CloudFailure } from '#domain/failure/failure';
import { previewPrune } from '#app/preview-prune';
import type { PreviewPruneDeps } from '#app/preview-prune';
import type { PolicyPrune } from '#app/views/prune-view';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { knownPolicy } from './known-policy.ts';
import { table } from './table.ts';

/** Prints what retention would delete and why the rest stays. Deletes nothing. A failure where the brake would hold. */
export async function runPrune(deps: PreviewPruneDeps, args: { policy?: string; json: boolean }, io: Io): Promise<number> {
  if (args.policy !== undefined && knownPolicy(deps.policies, args.policy, io) === null) return EXIT.usage;
  try {
    const view = await previewPrune(deps, args.policy);
    io.stdout.write(args.json ? `${JSON.stringify(view)}\n` : `${view.policies.map(render).join('\n\n')}\n`);
    return view.policies.some(({ braked }) => braked) ? EXIT.failed : EXIT.done;
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    const { httpStatus, code, message } = error.failure;
    io.stderr.write(`snapkeep: the cloud did not list everything, so nothing is decided: ${[httpStatus, code, message].filter((part) => part !== null).join(' ')}\n`);
    return EXIT.failed;
  }
}

function render({ policy, braked, deleted, kept }: PolicyPrune): string {
  const brake = braked ? ': too many at once, the brake would hold' : '';
  const lines = [`${policy}: ${deleted.length} would be deleted, ${kept.length} stay${brake}`];
  const rows = [...deleted.map((each) => ['delete', each] as const), ...kept.map((each) => ['keep', each] as const)]
    .map(([action, { snapshotId, volumeId, reasons }]) => [action, volumeId, snapshotId, reasons.join(', ')]);
  if (rows.length > 0) lines.push(table(['ACTION', 'VOLUME', 'SNAPSHOT', 'WHY'], rows));
  return lines.join('\n');
}
