import { confirmDeletes } from '#app/prune/confirm-deletes';
import { pruneNoted } from '#app/prune/prune-noted';
import { sweep } from '#app/prune/sweep';
import { ownedMetadata } from '#domain/naming/owned-metadata';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import type { RetentionRules } from '#domain/policy';
import { DAY, MINUTE, addMs, durationMs } from '#domain/time';
import type { Instant } from '#domain/time';
import { DUE, TARGET, World, policyOf } from './world.ts';
import type { PolicyChanges, WorldDeps } from './world.ts';

const none: RetentionRules = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, within: durationMs(0), orphans: 'keep' };

/** A nightly policy that keeps what these rules say. */
export function retaining(rules: Partial<RetentionRules>, changes: PolicyChanges = {}): ReturnType<typeof policyOf> {
  return policyOf('nightly', { ...changes, retention: { ...none, ...rules } });
}

/** Due time of the policy, so many nights after the first. */
export function night(count: number): Instant {
  return addMs(DUE, count * DAY);
}

/** The metadata that a run of this instance leaves on its snapshot. */
export function mark(volumeId: string, due: Instant, policy = 'nightly', instance = 'prod'): Readonly<Record<string, string>> {
  return ownedMetadata({ instance, policy, due, runId: runIdIn(firingIdOf(instance, policy, due), volumeId) });
}

/** A world whose first policy retains, with a driver for what prunes. */
export class RetainedWorld extends World {
  /** The firing of a night, from its due time until nothing is left to do. */
  async fire(count: number): Promise<void> {
    await this.clock.advanceTo(Math.max(this.clock.now(), night(count)));
    await this.plan(night(count));
    await this.finish();
  }

  /** So many good snapshots of a volume, made in the nights before. */
  addNights(volumeId: string, from: number, to: number): void {
    for (let count = from; count <= to; count += 1) {
      const due = night(count);
      this.cloud.addSnapshot({ id: `${volumeId}-${count}`, volumeId, metadata: mark(volumeId, due), createdAt: addMs(due, 1_000) });
    }
  }

  /** Prunes what is noted, and looks until the cloud has shown what became of it, or for ten minutes. */
  async prune(deps: WorldDeps = this.deps()): Promise<void> {
    await pruneNoted(deps, TARGET, this.signal);
    await this.confirm(deps);
  }

  async sweep(deps: WorldDeps = this.deps()): Promise<void> {
    await sweep(deps, TARGET, this.signal);
    await this.confirm(deps);
  }

  async confirm(deps: WorldDeps = this.deps(), forMs = 10 * MINUTE): Promise<void> {
    const until = addMs(this.clock.now(), forMs);
    while ((await confirmDeletes(deps, TARGET, this.signal)) > 0 && this.clock.now() < until) await this.clock.advance(2_000);
  }

  /** What is there of a volume, as `<night> <status>` for ours and the id of others, oldest first. */
  left(volumeId = 'vol-1'): string[] {
    const ours = this.cloud.snapshots().filter((snapshot) => snapshot.volumeId === volumeId);
    return ours.map(({ id, status, metadata }) => {
      const due = metadata['snapkeep_due'];
      const name = due === undefined ? id : String(Math.round((Date.parse(due) - DUE) / DAY));
      return status === 'available' ? name : `${name} ${status}`;
    });
  }
}
