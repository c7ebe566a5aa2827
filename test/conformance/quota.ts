import { describe, expect, test } from 'vitest';
import { NOBODY } from './cloud-under-test.ts';
import { differing } from './differences.ts';
import { givenVolume, type Given } from './given.ts';
import { idsIn, keysOf } from './raw-client.ts';
import { refused, told } from './told.ts';

interface QuotaSet {
  readonly id: string;
  readonly snapshots: { readonly limit: number; readonly in_use: number; readonly reserved: number };
}

export function quota(given: Given): void {
  describe('quota', () => {
    const volume = givenVolume(given, 'quota');

    async function shown(): Promise<QuotaSet> {
      const answer = await given.raw.get(`/os-quota-sets/${given.cloud.projectId}?usage=True`);
      expect(answer.status).toBe(200);
      return (answer.json as { quota_set: QuotaSet }).quota_set;
    }

    test('shows what is used of what; -1 is no limit', async () => {
      const before = await shown();
      await given.raw.made({ volume_id: volume.id });
      const after = await shown();

      expect(before.snapshots).toEqual({ limit: -1, in_use: before.snapshots.in_use, reserved: 0 });
      expect(after.snapshots.in_use).toBe(before.snapshots.in_use + 1);
      expect(after.snapshots.in_use).toBe(idsIn(await given.raw.get('/snapshots')).length);
      expect(after.id).toBe(given.cloud.projectId);
      const types = differing(given.kind, 'quota: members of the answer') as string[];
      expect(keysOf(after)).toEqual(['volumes', 'per_volume_gigabytes', 'snapshots', 'gigabytes', 'backups', 'backup_gigabytes', ...types, 'groups', 'id']);
    });

    test('without usage: only the limits', async () => {
      const answer = await given.raw.get(`/os-quota-sets/${given.cloud.projectId}`);
      expect(answer.json).toMatchObject({ quota_set: { snapshots: -1 } });
    });

    test('quota: of another project', async () => {
      expect(told(await given.raw.get(`/os-quota-sets/${'0'.repeat(32)}`))).toEqual(differing(given.kind, 'quota: of another project'));
    });

    test('a member may not set it', async () => {
      const answer = await given.raw.send('PUT', `/os-quota-sets/${given.cloud.projectId}`, { quota_set: { snapshots: 5 } });
      expect(told(answer)).toEqual(refused(given.kind, 403, "Policy doesn't allow volume_extension:quotas:update to be performed."));
    });

    test('quota: reached: 413 with a Retry-After of 0, which is no invitation; nothing is made', async () => {
      const used = (await shown()).snapshots.in_use;
      await given.cloud.setSnapshotQuota(used);
      try {
        const answer = await given.raw.create({ volume_id: volume.id });
        expect(told(answer, { used: String(used) })).toEqual(differing(given.kind, 'quota: reached'));
        expect(answer.headers.get('retry-after')).toBe('0');
        expect((await shown()).snapshots).toEqual({ limit: used, in_use: used, reserved: 0 });
        // What else is wrong with a request comes first.
        expect((await given.raw.create({ volume_id: NOBODY })).status).toBe(404);
      } finally {
        await given.cloud.liftSnapshotQuota();
      }
      expect((await given.raw.create({ volume_id: volume.id })).status).toBe(202);
    });
  });
}
