import { quotaRefusal } from '../http/refusal.ts';
import type { Cloud } from '../state/cloud.ts';

/** Throws when one more snapshot of this volume is over a limit. Failed snapshots count until they are deleted. */
export function checkSnapshotQuota(cloud: Cloud, volume: { readonly id: string; readonly sizeGb: number }): void {
  const { snapshotsPerVolume, projectSnapshotQuota } = cloud.settings;
  const tooMany = (limit: number) =>
    quotaRefusal(`${prefix(cloud, 'SnapshotLimitExceeded')}Maximum number of snapshots allowed (${limit}) exceeded`);
  if (projectSnapshotQuota !== null && cloud.snapshotCount >= projectSnapshotQuota) throw tooMany(projectSnapshotQuota);
  if (snapshotsPerVolume !== null && cloud.countedSnapshotsOf(volume.id) >= snapshotsPerVolume) throw tooMany(snapshotsPerVolume);
  checkGigabytes(cloud, volume.sizeGb);
}

/** Volumes and snapshots draw on the same number of GiB, a snapshot as much as its volume. */
export function checkGigabytes(cloud: Cloud, sizeGb: number): void {
  const quota = cloud.settings.projectGigabytesQuota;
  if (quota === null || cloud.usedGigabytes + sizeGb <= quota) return;
  throw quotaRefusal(
    `${prefix(cloud, 'VolumeSizeExceedsAvailableQuota')}Requested volume or snapshot exceeds allowed gigabytes quota. ` +
      `Requested ${sizeGb}G, quota is ${quota}G and ${cloud.usedGigabytes}G has been consumed.`,
  );
}

/** Cinder puts the exception's name before the text; EVS is not known to. */
function prefix(cloud: Cloud, exception: string): string {
  return cloud.identity.flavour === 'cinder' ? `${exception}: ` : '';
}
