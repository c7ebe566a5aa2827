import { listed } from './listed.ts';

/** One volume that one policy had to snapshot at one due time. */
export interface Triple {
  readonly policy: string;
  readonly volumeId: string;
  /** Epoch milliseconds. */
  readonly due: number;
  /** What its snapshot has to bear as `snapkeep_run`. */
  readonly runId: string;
}

/** A snapshot that the cloud made on request, whatever it answered. */
export interface MadeSnapshot {
  readonly id: string;
  readonly runId: string;
  /** The cloud failed to make it: it never was good. */
  readonly inVain: boolean;
}

export interface RunRecord {
  readonly id: string;
  readonly outcome: string;
  readonly snapshotId: string | null;
  readonly failure: { readonly message: string } | null;
}

/** What the logs of all processes tell of due times and runs. */
export interface Told {
  /** Why a run has no snapshot, by run id. */
  readonly reasons: ReadonlyMap<string, string>;
  /** Due times let go, both ends included. */
  readonly missed: readonly { readonly policy: string; readonly first: number; readonly last: number }[];
}

export interface AuditInput {
  readonly expected: readonly Triple[];
  readonly made: readonly MadeSnapshot[];
  /** Snapshots of ours that are `available` in the end. */
  readonly good: readonly { readonly id: string; readonly runId: string }[];
  readonly deleted: readonly string[];
  readonly foreign: ReadonlySet<string>;
  readonly runs: ReadonlyMap<string, RunRecord>;
  readonly told: Told;
}

export interface Audit {
  readonly triples: number;
  readonly good: number;
  readonly withReason: number;
  /** How often each reason was given, without ids and numbers. */
  readonly reasons: Readonly<Record<string, number>>;
  /** Neither a good snapshot nor a reason. */
  readonly lost: readonly string[];
  /** Runs for which a second snapshot was made beside a good one, also where it was deleted later. */
  readonly duplicated: readonly string[];
  /** Those of them that have two good ones in the end. */
  readonly stillTwo: readonly string[];
  readonly foreignDeleted: readonly string[];
  /** Records that the cloud contradicts, or that never came to an end. */
  readonly wrongRecords: readonly string[];
}

/** Holds what the cloud really did against what was due. Trusts no record for a good snapshot: only the cloud's own list. */
export function audit({ expected, made, good, deleted, foreign, runs, told }: AuditInput): Audit {
  const goodByRun = groupIds(good);
  const usableByRun = groupIds(made.filter(({ inVain }) => !inVain));
  const lost: string[] = [];
  const wrongRecords: string[] = [];
  let goodTriples = 0;
  let withReason = 0;
  const reasons: Record<string, number> = {};
  for (const triple of expected) {
    const ids = goodByRun.get(triple.runId) ?? [];
    const record = runs.get(triple.runId);
    const wrong = problemOf(record, ids);
    if (wrong !== null) wrongRecords.push(`${nameOf(triple)}: ${wrong}`);
    const reason = ids.length > 0 ? null : reasonOf(triple, record, told);
    if (ids.length > 0) {
      goodTriples += 1;
    } else if (reason === null) {
      lost.push(`${nameOf(triple)}: ${historyOf(triple, record, usableByRun)}`);
    } else {
      withReason += 1;
      const kind = reason.replaceAll(/\br?[0-9a-f]{16,}|[0-9a-f-]{36}|\d+/g, '…');
      reasons[kind] = (reasons[kind] ?? 0) + 1;
    }
  }
  return {
    triples: expected.length,
    good: goodTriples,
    withReason,
    reasons,
    lost,
    duplicated: [...usableByRun].filter(([, ids]) => ids.length > 1).map(([runId, ids]) => `${runId}: ${ids.join(', ')}`),
    stillTwo: [...goodByRun].filter(([, ids]) => ids.length > 1).map(([runId, ids]) => `${runId}: ${ids.join(', ')}`),
    foreignDeleted: deleted.filter((id) => foreign.has(id)),
    wrongRecords,
  };
}

/** The one line of a run. */
export function auditLine(label: string, seed: number, result: Audit): string {
  const { triples, good, withReason, lost, duplicated } = result;
  return `${label}: seed ${seed}: ${triples} triples, ${good} good, ${withReason} with a recorded reason, ${lost.length} lost, ${duplicated.length} duplicated`;
}

/** What breaks the promise, in words; empty where nothing does. */
export function auditProblems(result: Audit): string {
  return [
    listed('lost', result.lost),
    listed('duplicated', result.duplicated),
    listed('two good ones in the end', result.stillTwo),
    listed('foreign snapshots deleted', result.foreignDeleted),
    listed('wrong records', result.wrongRecords),
  ].join('');
}

function reasonOf({ runId, policy, due }: Triple, record: RunRecord | undefined, { reasons, missed }: Told): string | null {
  if (record !== undefined && ['failed', 'skipped', 'abandoned'].includes(record.outcome)) return record.failure?.message ?? null;
  const isMissed = missed.some((span) => span.policy === policy && span.first <= due && due <= span.last);
  // A record that says otherwise counts for more than what was told before the store lost everything.
  return record === undefined ? (reasons.get(runId) ?? (isMissed ? 'missed' : null)) : null;
}

function problemOf(record: RunRecord | undefined, good: readonly string[]): string | null {
  if (record === undefined) return null;
  if (record.outcome === 'pending') return 'still pending';
  if (record.outcome === 'available' && good.length === 0) return `recorded as available, but ${record.snapshotId ?? 'no snapshot'} is not good`;
  if (record.outcome === 'available' && !good.includes(record.snapshotId ?? '')) return `recorded with ${record.snapshotId ?? 'none'}, the good one is ${good.join(', ')}`;
  if (record.outcome !== 'available' && good.length > 0) return `recorded as ${record.outcome} (${record.failure?.message ?? 'no reason'}), but ${good.join(', ')} is good`;
  if (record.outcome !== 'available' && (record.failure?.message ?? '') === '') return `${record.outcome} without a reason`;
  return null;
}

function nameOf({ policy, volumeId, due, runId }: Triple): string {
  return `${policy} ${new Date(due).toISOString()} ${volumeId} (${runId})`;
}

function historyOf({ runId }: Triple, record: RunRecord | undefined, usable: ReadonlyMap<string, readonly string[]>): string {
  return `record ${record?.outcome ?? 'none'}, made ${usable.get(runId)?.join(', ') ?? 'none'}`;
}

function groupIds(snapshots: readonly { readonly id: string; readonly runId: string }[]): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const { id, runId } of snapshots) groups.set(runId, [...(groups.get(runId) ?? []), id]);
  return groups;
}
