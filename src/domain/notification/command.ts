import type { Notice } from './notice.ts';

/** The command that shows more of it. */
export function whatToType(notice: Notice): string {
  switch (notice.event) {
    case 'run.failed':
      return `snapkeep runs ${notice.policy} --outcome ${notice.runs.failed > 0 ? 'failed' : 'abandoned'}`;
    case 'volume.overdue':
    case 'volume.recovered':
      return `snapkeep status ${notice.policy}`;
    case 'prune.braked':
      return `snapkeep prune ${notice.policy} --dry-run`;
    case 'config.refused':
      return 'snapkeep validate PATH';
  }
}
