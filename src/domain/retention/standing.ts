import { CLOUD_PREFIX, isHeld, ownershipOf } from '../naming/owned-metadata.ts';
import { RESERVED_NAME_PREFIX } from '../naming/snapshot-name.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Instant } from '../time.ts';

/** Present on what a server backup made (EVS API reference, snapshot details). */
const BACKUP_KEY = `${CLOUD_PREFIX}enableActive`;

/** A finished snapshot of the policy: what the rules are about. */
export interface Good {
  readonly kind: 'good';
  readonly id: string;
  readonly due: Instant;
  readonly runId: string;
  readonly createdAt: Instant | null;
  readonly isHeld: boolean;
}

/** What a listed snapshot is to a policy, whatever its rules. */
export type Standing =
  | Good
  /** Not the policy's, or not finished: neither counted nor touched. */
  | { readonly kind: 'ignored'; readonly reason: string }
  /** The policy's, held, and not good. */
  | { readonly kind: 'held' }
  /** The policy's, ended in error and not held. */
  | { readonly kind: 'failed' };

/** Whose snapshot this is, then what became of it. Its name decides nothing, but for the prefix that the cloud keeps for its own. */
export function standingOf(snapshot: Snapshot, instance: string, policy: string): Standing {
  const { id, metadata, status, createdAt } = snapshot;
  const owner = ownershipOf(metadata);
  if (owner === null) return { kind: 'ignored', reason: 'foreign: it does not bear our mark' };
  if (owner.instance !== instance) return { kind: 'ignored', reason: `belongs to instance ${owner.instance}` };
  if (owner.policy !== policy) return { kind: 'ignored', reason: `belongs to policy ${owner.policy}` };
  if (snapshot.name?.startsWith(RESERVED_NAME_PREFIX) === true) return { kind: 'ignored', reason: `reserved: its name begins with ${RESERVED_NAME_PREFIX}` };
  if (metadata[BACKUP_KEY] !== undefined) return { kind: 'ignored', reason: `made by a backup: it bears ${BACKUP_KEY}` };

  const held = isHeld(metadata);
  if (status === 'available') return { kind: 'good', id, due: owner.due, runId: owner.runId, createdAt, isHeld: held };
  if (held) return { kind: 'held' };
  return status === 'error' ? { kind: 'failed' } : { kind: 'ignored', reason: `status ${status}` };
}
