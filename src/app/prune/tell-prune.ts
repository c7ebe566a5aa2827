import type { Instant } from '#domain/time';
import type { DeleteRefusal, PendingDelete } from '../ports/prune-book.ts';
import type { Telemetry } from '../ports/telemetry.ts';

/** The line of the audit: it is written when the snapshot is gone, not when its delete was asked for. */
export function tellDeleted(telemetry: Telemetry, target: string, pending: PendingDelete, now: Instant): void {
  telemetry.emit('prune.deleted', { ...fields(target, pending), durationMs: Math.max(0, now - pending.recordedAt) });
  // It was a second one only where another is kept, which the reason names.
  const [kept] = pending.reasons;
  if (pending.cause !== 'duplicate' || kept === undefined) return;
  const { policy, due, runId, volumeId, snapshotId } = pending;
  telemetry.emit('snapshot.duplicate', { policy, target, due, runId, volumeId, snapshotId, keptSnapshotId: kept.replace(/^duplicate of /, '') });
}

export function tellFailed(telemetry: Telemetry, target: string, pending: PendingDelete, { httpStatus, code, message, requestId }: DeleteRefusal): void {
  telemetry.emit('prune.failed', { ...fields(target, pending), httpStatus, errorCode: code, errorMessage: message, requestId });
}

function fields(target: string, { policy, due, runId, volumeId, snapshotId, cause, reasons }: PendingDelete) {
  return { policy, target, due, runId, volumeId, snapshotId, cause, reasons };
}
