import { instant, isoSeconds } from '../time.ts';
import type { Instant } from '../time.ts';
import { runIdPattern } from './run-id.ts';

/** What every metadata key of ours begins with; no key of a policy may. */
export const OWNED_PREFIX = 'snapkeep_';
/** What the cloud's own keys begin with (EVS API reference, create snapshot); no key of a policy may. */
export const CLOUD_PREFIX = '__system__';
/** `"true"` here keeps a snapshot for ever, whoever wrote it. */
export const HOLD_KEY = 'snapkeep_hold';

const instanceKey = 'snapkeep_instance';
const policyKey = 'snapkeep_policy';
const dueKey = 'snapkeep_due';
const runKey = 'snapkeep_run';

/** The mark of ownership that a snapshot carries: whose it is, and which run made it. */
export interface Ownership {
  readonly instance: string;
  readonly policy: string;
  /** Whole seconds. */
  readonly due: Instant;
  readonly runId: string;
}

/** The four metadata entries that go into the create call beside those of the policy. */
export function ownedMetadata(ownership: Ownership): Readonly<Record<string, string>> {
  return {
    [instanceKey]: ownership.instance,
    [policyKey]: ownership.policy,
    [dueKey]: isoSeconds(ownership.due),
    [runKey]: ownership.runId,
  };
}

/**
 * Reads the mark of ownership back. Null where any of the four entries is absent or is not as `ownedMetadata` writes
 * it: a snapshot that is only half marked is foreign and is left alone. That the instance is ours is for the caller to see.
 */
export function ownershipOf(metadata: Readonly<Record<string, string>>): Ownership | null {
  const instance = metadata[instanceKey];
  const policy = metadata[policyKey];
  const due = parseDue(metadata[dueKey]);
  const runId = metadata[runKey];
  if (instance === undefined || instance === '' || policy === undefined || policy === '') return null;
  if (due === null || runId === undefined || !runIdPattern.test(runId)) return null;
  return { instance, policy, due, runId };
}

/** Held for ever by `snapkeep_hold`. Case and blanks do not count (`True` is what the openstack client makes of it). */
export function isHeld(metadata: Readonly<Record<string, string>>): boolean {
  return metadata[HOLD_KEY]?.trim().toLowerCase() === 'true';
}

function parseDue(text: string | undefined): Instant | null {
  if (text === undefined || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$/.test(text)) return null;
  const at = Date.parse(text);
  if (!Number.isFinite(at)) return null;
  const due = instant(at);
  // Date.parse reads 24:00:00 as the next day.
  return isoSeconds(due) === text ? due : null;
}
