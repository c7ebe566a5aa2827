import { boundedLine } from '../failure/redact-text.ts';
import { formatDuration, isoSeconds } from '../time.ts';
import { whatToType } from './command.ts';
import type { FailedVolume, Notice, OverdueVolumeFacts } from './notice.ts';
import { failedRuns } from './run-failed.ts';

const MAX_LINES = 10;

/** Slack refuses a section of over 3,000 characters (Block Kit reference, section). */
const MAX_SECTION = 2_900;

interface SlackBlock {
  readonly type: 'section';
  readonly text: { readonly type: 'mrkdwn'; readonly text: string };
}

/** What an incoming webhook of Slack, or one that takes the same, is sent. `text` is what a push message shows. */
export interface SlackMessage {
  readonly text: string;
  readonly blocks: readonly SlackBlock[];
}

/** Short: what is wrong, for the first ten volumes what the cloud said, and what to type to see more. */
export function slackMessage(notice: Notice): SlackMessage {
  const text = escapeSlack(headline(notice));
  const { lines, total } = details(notice);
  const shown = fitting(lines.map((line) => `• ${escapeSlack(line)}`));
  const more = total - shown.length;
  const parts = [`*${text}*`, [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'), `\`${escapeSlack(whatToType(notice))}\``];
  return { text, blocks: parts.filter((part) => part !== '').map((part) => ({ type: 'section', text: { type: 'mrkdwn', text: part } })) };
}

/** The three characters that mean something to Slack, and with which a volume's name could call a whole channel. */
export function escapeSlack(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function headline(notice: Notice): string {
  const of = `${notice.policy ?? 'policy files'} (${notice.instance})`;
  switch (notice.event) {
    case 'run.failed': {
      const { runs, due, isFinal } = notice;
      const all = runs.pending + runs.available + runs.failed + runs.skipped + runs.abandoned;
      const rest = isFinal ? '' : `, so far; ${runs.pending} still under way`;
      return `${of}: no snapshot of ${failedRuns(runs)} of ${volumes(all)}, due ${isoSeconds(due)}${rest}`;
    }
    case 'volume.overdue':
      return `${of}: ${volumes(notice.count)} without a good snapshot younger than ${formatDuration(notice.rpo)}`;
    case 'volume.recovered':
      return `${of}: ${volumes(notice.count)} protected again, ${notice.stillOverdue} still overdue`;
    case 'prune.braked':
      return `${of}: pruning has stopped: ${notice.expired} of ${notice.good} snapshots would be deleted at once`;
    case 'config.refused':
      return `${of}: a new version was refused, the last good one stays in force: ${notice.problems} ${notice.problems === 1 ? 'problem' : 'problems'}`;
  }
}

function details(notice: Notice): { readonly lines: readonly string[]; readonly total: number } {
  switch (notice.event) {
    case 'run.failed':
      return { lines: notice.volumes.map(failedLine), total: failedRuns(notice.runs) };
    case 'volume.overdue':
      return { lines: notice.volumes.map(overdueLine), total: notice.count };
    case 'volume.recovered':
      return { lines: notice.volumes.map(({ id }) => named(id, null)), total: notice.count };
    case 'prune.braked':
      return { lines: [notice.reason], total: 1 };
    case 'config.refused':
      return { lines: [boundedLine(notice.message, 500)], total: 1 };
  }
}

function failedLine({ id, name, outcome, httpStatus, code, message, requestId }: FailedVolume): string {
  const said = [httpStatus, code].filter((part) => part !== null).join(' ');
  const request = requestId === null ? '' : ` (request ${boundedLine(requestId, 64)})`;
  return `${named(id, name)}: ${outcome}, ${said === '' ? '' : `${boundedLine(said, 60)}: `}${boundedLine(message, 160)}${request}`;
}

function overdueLine({ id, name, lagSeconds, reason }: OverdueVolumeFacts): string {
  return `${named(id, name)}: ${(lagSeconds / 3600).toFixed(1)} h${reason === null ? '' : `, ${boundedLine(reason, 200)}`}`;
}

function named(id: string, name: string | null): string {
  return name === null || name === '' ? boundedLine(id, 64) : `${boundedLine(name, 64)} (${boundedLine(id, 64)})`;
}

function volumes(count: number): string {
  return `${count} ${count === 1 ? 'volume' : 'volumes'}`;
}

/** The first lines that fit into a section. */
function fitting(lines: readonly string[]): readonly string[] {
  const shown: string[] = [];
  let length = 0;
  for (const line of lines.slice(0, MAX_LINES)) {
    length += line.length + 1;
    if (length > MAX_SECTION) break;
    shown.push(line);
  }
  return shown;
}
