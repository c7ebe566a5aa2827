import { CloudFailure } from '#domain/failure/failure';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import { MINUTE, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { CallOptions } from '../ports/cloud.ts';
import { decideScopes } from './decide-scopes.ts';
import type { ScopeDecision } from './decide-scopes.ts';
import { deleteSnapshots } from './delete-snapshots.ts';
import type { DeleteOutcome } from './delete-snapshots.ts';
import type { PruneDeps } from './prune-deps.ts';

/** By one listing deletes go on for so long, or ten times as long as it took to read: then it is read again. */
const SERVES: DurationMs = MINUTE;
const SERVES_TIMES = 10;

export interface ScopeDeletes extends ScopeDecision {
  /** Why nothing expires; null where the brake does not hold. */
  readonly braked: string | null;
  /** What is to go; once pruned, what was asked for or would have been, had the cloud not stopped it. */
  readonly deletes: readonly RetentionDecision[];
}

export interface Pruned {
  readonly scopes: readonly ScopeDeletes[];
  readonly outcome: DeleteOutcome;
}

/**
 * Deletes what another listing says too. Where the deletes take long it is read again on the way: what was held or changed meanwhile
 * stays. Throws CloudFailure where the first one fails: then nothing was deleted.
 */
export async function deleteAgreed(deps: PruneDeps, target: string, wanted: readonly ScopeDeletes[], options: CallOptions & { readonly signal: AbortSignal }): Promise<Pruned> {
  const told = new Set<string>();
  const dealtWith = new Set<RetentionDecision>();
  const outcomes: DeleteOutcome[] = [];
  let left = wanted;
  do {
    const began = deps.clock.now();
    const listed = await confirmed(deps, target, left, options).catch((error: unknown) => {
      if (outcomes.length === 0 || !(error instanceof CloudFailure)) throw error;
      return error.failure;
    });
    if ('kind' in listed) {
      outcomes.push({ asked: [], gone: [], refused: [], stoppedBy: listed, late: [] });
      for (const { deletes } of left) for (const decision of deletes) dealtWith.add(decision);
      break;
    }
    const readIn = deps.clock.now() - began;
    for (const each of listed) tellKept(deps, target, each, told);
    const deletes = listed.flatMap(({ policy, deletes: own }) => own.map((decision) => ({ policy: policy.name, decision })));
    const until = addMs(deps.clock.now(), Math.max(SERVES, readIn * SERVES_TIMES));
    const outcome = await deleteSnapshots(deps, target, deletes, until, options.signal);
    outcomes.push(outcome);
    const late = new Set(outcome.late.map(({ decision }) => decision));
    for (const { decision } of deletes) if (!late.has(decision)) dealtWith.add(decision);
    left = listed.map((each) => ({ ...each, deletes: each.deletes.filter((decision) => late.has(decision)) }));
  } while (left.some(({ deletes }) => deletes.length > 0));
  return { scopes: wanted.map((each) => ({ ...each, deletes: each.deletes.filter((decision) => dealtWith.has(decision)) })), outcome: together(outcomes) };
}

/** Of what is to be deleted, what the snapshots as they are listed now say too. */
async function confirmed(deps: PruneDeps, target: string, wanted: readonly ScopeDeletes[], options: CallOptions): Promise<readonly ScopeDeletes[]> {
  const again = wanted.filter(({ deletes }) => deletes.length > 0).map(({ policy, deletes }) => ({ policy, volumes: new Set(deletes.map(({ snapshot }) => snapshot.volumeId)) }));
  const second = again.length === 0 ? [] : await decideScopes(deps, target, again, options);
  return wanted.map((each) => ({ ...each, deletes: agreedOn(each.deletes, second.find(({ policy }) => policy === each.policy)) }));
}

function together(outcomes: readonly DeleteOutcome[]): DeleteOutcome {
  return {
    asked: outcomes.flatMap(({ asked }) => asked),
    gone: outcomes.flatMap(({ gone }) => gone),
    refused: outcomes.flatMap(({ refused }) => refused),
    stoppedBy: outcomes.at(-1)?.stoppedBy ?? null,
    late: [],
  };
}

function agreedOn(deletes: readonly RetentionDecision[], second: ScopeDecision | undefined): readonly RetentionDecision[] {
  const causes = new Map(second?.decisions.map(({ snapshot, cause }) => [snapshot.id, cause]));
  return deletes.filter(({ snapshot, cause }) => causes.get(snapshot.id) === cause);
}

/** Of volumes that lose a snapshot, why the others stay: once for each. */
function tellKept(deps: PruneDeps, target: string, { policy, decisions, deletes }: ScopeDeletes, told: Set<string>): void {
  const volumes = new Set(deletes.map(({ snapshot }) => snapshot.volumeId));
  for (const { snapshot, action, reasons } of decisions) {
    if (action !== 'keep' || !volumes.has(snapshot.volumeId) || told.has(snapshot.id)) continue;
    told.add(snapshot.id);
    deps.telemetry.emit('prune.kept', { policy: policy.name, target, volumeId: snapshot.volumeId, snapshotId: snapshot.id, reasons });
  }
}
