import { ownershipOf } from '#domain/naming/owned-metadata';
import type { Snapshot } from '#domain/snapshot';
import { MINUTE, SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Clock } from './ports/clock.ts';
import type { Clouds } from './ports/clouds.ts';

/** What the cloud's own list says of one policy. */
export interface OwnedByPolicy {
  readonly newestDue: Instant;
  /** The snapshots of the newest due time and of others within `RECENT`, by due time and run id, oldest first. */
  readonly made: ReadonlyMap<Instant, ReadonlyMap<string, readonly Snapshot[]>>;
  /** When the newest good snapshot of each volume was made. */
  readonly lastGood: ReadonlyMap<string, Instant>;
}

interface Gathered {
  newestDue: Instant;
  made: Map<Instant, Map<string, Snapshot[]>>;
  lastGood: Map<string, Instant>;
}

/** Firings due within this may still have had runs under way when a record was lost. */
export const RECENT: DurationMs = (15 * MINUTE) as DurationMs;

/** One listing serves all policies of a target that ask within this. */
const FRESH: DurationMs = (5 * SECOND) as DurationMs;

/**
 * Reads the snapshots of this instance off the cloud, from which the state can be rebuilt. Holds a few words for each
 * volume, not the snapshots themselves, but for those of the newest due times.
 */
export class OwnedSnapshots {
  readonly #deps: { clouds: Clouds; clock: Clock };
  readonly #listings = new Map<string, { at: Instant; found: Promise<ReadonlyMap<string, OwnedByPolicy>> }>();

  constructor(deps: { clouds: Clouds; clock: Clock }) {
    this.#deps = deps;
  }

  /** Null where the policy has no snapshot in the target. Throws CloudFailure where the cloud does not list all. */
  async of(instance: string, target: string, policy: string, signal: AbortSignal): Promise<OwnedByPolicy | null> {
    const known = this.#listings.get(target);
    const now = this.#deps.clock.now();
    if (known !== undefined && now < addMs(known.at, FRESH)) return (await known.found).get(policy) ?? null;
    const found = this.#list(instance, target, signal);
    this.#listings.set(target, { at: now, found });
    try {
      return (await found).get(policy) ?? null;
    } catch (error) {
      this.#listings.delete(target);
      throw error;
    }
  }

  async #list(instance: string, target: string, signal: AbortSignal): Promise<ReadonlyMap<string, OwnedByPolicy>> {
    const policies = new Map<string, Gathered>();
    for await (const page of this.#deps.clouds.of(target).snapshotPages({}, { signal, priority: 'watch' })) {
      for (const snapshot of page) {
        const owner = ownershipOf(snapshot.metadata);
        if (owner?.instance === instance) gather(policies, owner, snapshot, addMs(this.#deps.clock.now(), -RECENT));
      }
    }
    return policies;
  }
}

function gather(policies: Map<string, Gathered>, owner: { policy: string; due: Instant; runId: string }, snapshot: Snapshot, recent: Instant): void {
  let of = policies.get(owner.policy);
  if (of === undefined) {
    of = { newestDue: owner.due, made: new Map(), lastGood: new Map() };
    policies.set(owner.policy, of);
  }
  if (owner.due > of.newestDue) {
    if (of.newestDue < recent) of.made.delete(of.newestDue);
    of.newestDue = owner.due;
  }
  if (owner.due === of.newestDue || owner.due >= recent) {
    const runs = of.made.get(owner.due) ?? new Map<string, Snapshot[]>();
    of.made.set(owner.due, runs);
    // The listing is newest first: what comes later is older.
    runs.set(owner.runId, [snapshot, ...(runs.get(owner.runId) ?? [])]);
  }
  if (snapshot.status !== 'available' || snapshot.createdAt === null) return;
  of.lastGood.set(snapshot.volumeId, Math.max(snapshot.createdAt, of.lastGood.get(snapshot.volumeId) ?? 0) as Instant);
}
