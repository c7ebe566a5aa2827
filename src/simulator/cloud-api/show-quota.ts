import { reading, type Call, type Prepared } from '../http/call.ts';
import { serviceRefusal } from '../http/refusal.ts';
import { jsonReply } from '../http/reply.ts';
import type { Cloud } from '../state/cloud.ts';

const unlimited = -1;
/** Cinder's defaults. */
const backups = 10;
const backupGigabytes = 1000;
const groups = 10;

/** `GET …/os-quota-sets/{project_id}`: plain limits, or with `?usage=true` how much of them is used. */
export function showQuotaSet(call: Call): Prepared {
  const { projectId, flavour } = call.cloud.identity;
  const target = call.params['target'] ?? projectId;
  if (flavour === 'cinder' && target !== projectId) {
    throw serviceRefusal(403, "Policy doesn't allow volume_extension:quotas:show to be performed.");
  }
  return reading(() => {
    const { cloud } = call;
    cloud.now();
    const usage = call.request.query.get('usage')?.toLowerCase() === 'true';
    const quotaSet: Record<string, unknown> = {};
    for (const [name, limit, used] of quotaEntries(cloud)) {
      quotaSet[name] = usage ? { limit, in_use: used, reserved: 0 } : limit;
    }
    return { reply: jsonReply(200, { quota_set: { ...quotaSet, id: target } }) };
  });
}

/** `GET …/limits`. */
export function showLimits(call: Call): Prepared {
  return reading(() => {
    const { cloud } = call;
    cloud.now();
    const { projectSnapshotQuota, projectGigabytesQuota } = cloud.settings;
    const absolute = {
      maxTotalVolumes: unlimited,
      maxTotalSnapshots: projectSnapshotQuota ?? unlimited,
      maxTotalVolumeGigabytes: projectGigabytesQuota ?? unlimited,
      maxTotalBackups: backups,
      maxTotalBackupGigabytes: backupGigabytes,
      totalVolumesUsed: cloud.volumeCount,
      totalGigabytesUsed: cloud.usedGigabytes,
      totalSnapshotsUsed: cloud.snapshotCount,
      totalBackupsUsed: 0,
      totalBackupGigabytesUsed: 0,
    };
    return { reply: jsonReply(200, { limits: { rate: [], absolute } }) };
  });
}

function quotaEntries(cloud: Cloud): (readonly [string, number, number])[] {
  const { projectSnapshotQuota, projectGigabytesQuota } = cloud.settings;
  const snapshots = projectSnapshotQuota ?? unlimited;
  const gigabytes = projectGigabytesQuota ?? unlimited;
  // One volume type, so what is of it is all there is; its own limits are not set.
  const type = cloud.identity.flavour === 'cinder' ? '__DEFAULT__' : 'SSD';
  return [
    ['volumes', unlimited, cloud.volumeCount],
    ['per_volume_gigabytes', unlimited, 0],
    ['snapshots', snapshots, cloud.snapshotCount],
    ['gigabytes', gigabytes, cloud.usedGigabytes],
    ['backups', backups, 0],
    ['backup_gigabytes', backupGigabytes, 0],
    [`volumes_${type}`, unlimited, cloud.volumeCount],
    [`gigabytes_${type}`, unlimited, cloud.usedGigabytes],
    [`snapshots_${type}`, unlimited, cloud.snapshotCount],
    ['groups', groups, 0],
  ];
}
