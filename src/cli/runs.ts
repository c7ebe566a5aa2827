import type { Ledger, RunQuery } from '#app/ports/ledger';
import { runView } from '#app/views/run-view';
import type { RunView } from '#app/views/run-view';
import { OUTCOMES } from '#domain/run';
import type { Outcome } from '#domain/run';
import { parseSince } from '#domain/since';
import type { Instant } from '#domain/time';
import { EXIT } from './io.ts';
import type { Io } from './io.ts';
import { table } from './table.ts';

export interface RunsArgs {
  readonly policy?: string;
  readonly volume?: string;
  readonly outcome?: string;
  /** An ISO instant or a duration back from now. */
  readonly since?: string;
  readonly limit: string;
  readonly after?: string;
  readonly json: boolean;
}

export const DEFAULT_LIMIT = 50;
const MAX_LIMIT = 1_000;

/** Prints the history, newest first. */
export async function runRuns(ledger: Ledger, args: RunsArgs, io: Io, now: Instant): Promise<number> {
  const query = readQuery(args, now);
  if (typeof query === 'string') {
    io.stderr.write(`snapkeep: ${query}\n`);
    return EXIT.usage;
  }
  try {
    const page = await ledger.runs(query);
    const runs = page.runs.map(runView);
    io.stdout.write(args.json ? `${JSON.stringify({ runs, next: page.next })}\n` : `${renderAll(runs, page.next)}\n`);
    return EXIT.done;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    io.stderr.write(`snapkeep: --after: ${error.message}\n`);
    return EXIT.usage;
  }
}

/** Prints one run with every answer of the cloud. */
export async function runShow(ledger: Ledger, args: { id: string; json: boolean }, io: Io): Promise<number> {
  const found = await ledger.run(args.id);
  if (found === null) {
    io.stderr.write(`snapkeep: no run has the id ${args.id}; see snapkeep runs\n`);
    return EXIT.failed;
  }
  const view = runView(found);
  io.stdout.write(args.json ? `${JSON.stringify(view)}\n` : `${renderOne(view)}\n`);
  return EXIT.done;
}

/** The query, or what is wrong with the flags. */
function readQuery(args: RunsArgs, now: Instant): RunQuery | string {
  const limit = Number(args.limit);
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT) return `--limit is a whole number from 1 to ${MAX_LIMIT}, not ${args.limit}`;
  if (args.outcome !== undefined && !isOutcome(args.outcome)) return `--outcome is one of ${OUTCOMES.join(', ')}, not ${args.outcome}`;
  const since = args.since === undefined ? null : parseSince(args.since, now);
  if (args.since !== undefined && since === null) return `--since is a duration (24h) or an instant (2026-11-24T02:00:00Z), not ${args.since}`;
  return {
    limit,
    ...(args.policy === undefined ? {} : { policy: args.policy }),
    ...(args.volume === undefined ? {} : { volumeId: args.volume }),
    ...(args.outcome === undefined ? {} : { outcome: args.outcome }),
    ...(since === null ? {} : { since }),
    ...(args.after === undefined ? {} : { after: args.after }),
  };
}

function isOutcome(text: string): text is Outcome {
  return OUTCOMES.some((outcome) => outcome === text);
}

function renderAll(runs: readonly RunView[], next: string | null): string {
  if (runs.length === 0) return 'no runs';
  const rows = runs.map((run) => [run.due, run.policy, run.volumeName ?? run.volumeId, run.outcome, run.id, why(run)]);
  const more = next === null ? '' : `\nmore: --after ${next}`;
  return table(['DUE', 'POLICY', 'VOLUME', 'OUTCOME', 'RUN', 'WHY'], rows) + more;
}

function why(run: RunView): string {
  if (run.failure === null) return run.adopted ? 'adopted' : '';
  const code = run.failure.code === null ? '' : `${run.failure.code}: `;
  const request = run.failure.requestId === null ? '' : ` (request ${run.failure.requestId})`;
  return `${code}${run.failure.message}${request}`;
}

function renderOne(run: RunView): string {
  const lines = [
    `run       ${run.id}`,
    `policy    ${run.policy} on ${run.target}`,
    `volume    ${run.volumeName ?? '-'} (${run.volumeId})`,
    `due       ${run.due} (${run.trigger})`,
    `outcome   ${run.outcome}${run.finishedAt === null ? '' : ` at ${run.finishedAt}`}`,
    `snapshot  ${run.snapshotName ?? '-'} (${run.snapshotId ?? '-'})${run.adopted ? ', adopted' : ''}`,
  ];
  if (run.failure !== null) lines.push(`why       ${run.failure.kind}: ${why(run)}`);
  const rows = run.attempts.map(({ at, result, httpStatus, code, message, requestId }) =>
    [at, result, httpStatus === null ? '-' : String(httpStatus), code ?? '-', requestId ?? '-', message ?? '']);
  if (rows.length > 0) lines.push('', table(['AT', 'RESULT', 'HTTP', 'CODE', 'REQUEST', 'MESSAGE'], rows));
  return lines.join('\n');
}
