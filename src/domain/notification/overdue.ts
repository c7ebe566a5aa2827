import { isOverdue } from '../rpo-lag.ts';
import type { GoodSince } from '../rpo-lag.ts';
import { addMs, instant } from '../time.ts';
import type { DurationMs, Instant } from '../time.ts';

export interface ProtectedVolume extends GoodSince {
  readonly volumeId: string;
}

/** A volume, and since when it is what it is. */
export interface ChangedVolume {
  readonly volumeId: string;
  readonly since: Instant;
}

/** What is to be told of the volumes of a policy, beyond what has been told. */
export interface OverdueChanges {
  /** Overdue and not told: since the lag went over the objective. */
  readonly overdue: readonly ChangedVolume[];
  /** Told as overdue and no longer so: since its newest good snapshot. */
  readonly recovered: readonly ChangedVolume[];
  /** Told as overdue and no longer covered by the policy: nothing is said of them. */
  readonly gone: readonly string[];
}

/** Compares the volumes of a policy with those that were told as overdue. Lists are in the order of the volumes' ids. */
export function overdueChanges(volumes: readonly ProtectedVolume[], told: ReadonlySet<string>, rpo: DurationMs, now: Instant): OverdueChanges {
  const overdue: ChangedVolume[] = [];
  const recovered: ChangedVolume[] = [];
  for (const volume of volumes) {
    const { volumeId } = volume;
    const isNowOverdue = isOverdue(volume, rpo, now);
    if (isNowOverdue && !told.has(volumeId)) overdue.push({ volumeId, since: addMs(lagsFrom(volume), rpo) });
    if (!isNowOverdue && told.has(volumeId)) recovered.push({ volumeId, since: lagsFrom(volume) });
  }
  const covered = new Set(volumes.map(({ volumeId }) => volumeId));
  return { overdue: overdue.toSorted(byId), recovered: recovered.toSorted(byId), gone: [...told].filter((id) => !covered.has(id)) };
}

/** The first instant after `now` at which a volume that is not overdue can become so; null where there is no such volume. */
export function nextOverdueAt(volumes: readonly ProtectedVolume[], rpo: DurationMs, now: Instant): Instant | null {
  const next = volumes.filter((volume) => !isOverdue(volume, rpo, now)).reduce((first, volume) => Math.min(first, lagsFrom(volume) + rpo), Infinity);
  return next === Infinity ? null : instant(next);
}

function lagsFrom({ lastGoodAt, firstSeenAt }: GoodSince): Instant {
  return lastGoodAt ?? firstSeenAt;
}

function byId(a: ChangedVolume, b: ChangedVolume): number {
  return a.volumeId < b.volumeId ? -1 : Number(a.volumeId > b.volumeId);
}
