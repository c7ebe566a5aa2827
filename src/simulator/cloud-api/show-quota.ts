import { reading, type Call, type Prepared } from '../http/call.ts';
import { jsonReply } from '../http/reply.ts';
import type { Cloud } from '../state/cloud.ts';

const unlimited = -1;

/** `GET …/os-quota-sets/{project_id}`: plain limits, or with `?usage=true` how much of them is used. */
export function showQuotaSet(call: Call): Prepared {
  return reading(() => {
    const { cloud } = call;
    cloud.now();
    const usage = call.request.query.get('usage')?.toLowerCase() === 'true';
    const quotaSet: Record<string, unknown> = { id: call.params['target'] ?? cloud.identity.projectId };
    for (const [name, limit, used] of quotaEntries(cloud)) {
      quotaSet[name] = usage ? { limit, in_use: used, reserved: 0, allocated: 0 } : limit;
    }
    return { reply: jsonReply(200, { quota_set: quotaSet }) };
  });
}

/** `GET …/limits`. */
export function showLimits(call: Call): Prepared {
  return reading(() => {
    const { cloud } = call;
    cloud.now();
    const { projectSnapshotQuota, projectGigabytesQuota } = cloud.settings;
    const absolute = {
      maxTotalSnapshots: projectSnapshotQuota ?? unlimited,
      maxTotalVolumes: unlimited,
      maxTotalVolumeGigabytes: projectGigabytesQuota ?? unlimited,
      totalSnapshotsUsed: cloud.snapshotCount,
      totalVolumesUsed: cloud.volumeCount,
      totalGigabytesUsed: cloud.usedGigabytes,
    };
    return { reply: jsonReply(200, { limits: { rate: [], absolute } }) };
  });
}

function quotaEntries(cloud: Cloud): (readonly [string, number, number])[] {
  const { projectSnapshotQuota, projectGigabytesQuota } = cloud.settings;
  return [
    ['volumes', unlimited, cloud.volumeCount],
    ['snapshots', projectSnapshotQuota ?? unlimited, cloud.snapshotCount],
    ['gigabytes', projectGigabytesQuota ?? unlimited, cloud.usedGigabytes],
    ['per_volume_gigabytes', unlimited, 0],
    ['backups', unlimited, 0],
    ['backup_gigabytes', unlimited, 0],
    ['groups', unlimited, 0],
  ];
}
