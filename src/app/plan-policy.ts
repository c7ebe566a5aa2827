import { estimateFiring } from '#domain/firing-estimate';
import { snapshotName } from '#domain/naming/snapshot-name';
import { spreadOffset } from '#domain/naming/spread';
import type { Policy } from '#domain/policy';
import { spreadAt } from '#domain/schedule/spread-at';
import { selectsVolume } from '#domain/selection';
import type { Snapshot } from '#domain/snapshot';
import type { Target } from '#domain/target';
import { addMs, durationMs, isoInstant } from '#domain/time';
import type { Instant } from '#domain/time';
import { decidePolicy } from '#domain/retention/decide-policy';
import type { RetentionDecision } from '#domain/retention/decide-retention';
import { asksOneByOne } from './list-volumes.ts';
import type { TargetReading } from './plan-target.ts';
import type { PlannedPrune, PlannedVolume, PolicyPlan } from './views/plan-view.ts';

export interface PlannedPolicy {
  readonly plan: PolicyPlan;
  /** Ids of the listed volumes that it covers. */
  readonly covered: ReadonlySet<string>;
  readonly warnings: readonly string[];
}

/** What else is known of the policy. */
export interface PolicyRecord {
  /** When the newest good snapshot of each volume was made; one without any is absent. */
  readonly lastGoodAt: ReadonlyMap<string, Instant>;
  /** Why a prune was stopped that nobody has confirmed yet. */
  readonly braked: string | null;
}

/** What the firing at `due` would do to the volumes of a target as they are now, and what prune would do now. */
export function planPolicy(instance: string, policy: Policy, target: Target, reading: TargetReading, due: Instant | null, record: PolicyRecord, now: Instant): PlannedPolicy {
  const covered = reading.volumes.filter((volume) => selectsVolume(policy.volumes, volume));
  const listed = new Set(reading.volumes.map(({ id }) => id));
  const unknown = [...new Set(policy.volumes.ids.map((id) => id.toLowerCase()))].filter((id) => !listed.has(id));
  const spread = due === null ? durationMs(0) : spreadAt(policy.schedule, { due, trigger: 'schedule' });
  const all = [...covered, ...unknown.map((id) => ({ id, name: null }))];
  const starts = all.map(({ id }) => spreadOffset(id, spread));
  const volumes = due === null ? [] : all.map(({ id, name }, place): PlannedVolume => ({
    id,
    name,
    snapshotName: snapshotName(policy.snapshot.name, { instance, policy: policy.name, volumeId: id, volumeName: name, due }),
    startsAt: isoInstant(addMs(due, starts[place] ?? 0)),
  }));

  const snapshots = snapshotsFor(policy, covered, reading);
  const { decisions, brake } = decidePolicy({ instance, policy, snapshots, lastGoodAt: record.lastGoodAt, gone: reading.gone, now });
  const work = {
    volumeCalls: asksOneByOne(policy.volumes) ? all.length : reading.volumePages,
    creates: volumes.length,
    snapshotPages: reading.snapshotPages,
    deletes: decisions.filter(({ action }) => action === 'delete').length,
    lastStartMs: starts.reduce((last, start) => Math.max(last, start), 0),
  };
  return {
    plan: {
      policy: policy.name,
      target: policy.target,
      nextDue: due === null ? null : isoInstant(due),
      volumes,
      prune: decisions.map(shownDecision),
      brake: brake ?? record.braked,
      ...estimateFiring(work, target.limits),
    },
    covered: new Set(covered.map(({ id }) => id)),
    warnings: [...volumeWarnings(policy, covered.length + unknown.length, unknown), ...capWarnings(policy, target, covered, reading, decisions)],
  };
}

/** Of the volumes that it covers, and of those that bear snapshots of it from before. */
function snapshotsFor(policy: Policy, covered: readonly { id: string }[], reading: TargetReading): ReadonlyMap<string, readonly Snapshot[]> {
  const ids = new Set([...covered.map(({ id }) => id), ...(reading.ownedVolumes.get(policy.name) ?? [])]);
  return new Map([...ids].flatMap((id) => {
    const snapshots = reading.snapshots.get(id);
    return snapshots === undefined ? [] : [[id, snapshots] as const];
  }));
}

function shownDecision({ snapshot, action, reasons }: RetentionDecision): PlannedPrune {
  const createdAt = snapshot.createdAt === null ? null : isoInstant(snapshot.createdAt);
  return { snapshotId: snapshot.id, volumeId: snapshot.volumeId, createdAt, action, reasons };
}

function volumeWarnings(policy: Policy, volumes: number, unknown: readonly string[]): readonly string[] {
  if (volumes === 0) return [`policy ${policy.name} covers no volume: nothing would be snapshotted`];
  return unknown.map((id) => `policy ${policy.name} names volume ${id}, which ${policy.target} does not list: its run would fail with not_found if it is not there`);
}

/** The cloud counts every snapshot of a volume, whoever made it; nothing is deleted only to make room. */
function capWarnings(policy: Policy, target: Target, covered: readonly { id: string }[], reading: TargetReading, decisions: readonly RetentionDecision[]): readonly string[] {
  const cap = target.limits.snapshotsPerVolume;
  if (cap === null) return [];
  const freed = new Set(decisions.filter(({ action }) => action === 'delete').map(({ snapshot }) => snapshot.volumeId));
  const full = covered.filter(({ id }) => (reading.snapshots.get(id)?.length ?? 0) >= cap && !freed.has(id));
  const [first] = full;
  if (first === undefined) return [];
  const others = full.length > 1 ? ` and ${full.length - 1} more` : '';
  return [`policy ${policy.name}: volume ${first.id}${others} has as many snapshots as ${target.name} allows (${cap}) and none that prune would delete: the next one would be refused for the quota`];
}
