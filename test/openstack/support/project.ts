import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import { tempDir } from '../../support/temp-dir.ts';
import { OURS, OpenStack, credentials } from './open-stack.ts';
import type { CloudSnapshot, CloudVolume } from './open-stack.ts';
import type { Run } from './service.ts';

/** A place in the cloud for one test: volumes and snapshots go when the block ends. */
export interface Project extends AsyncDisposable {
  readonly cloud: OpenStack;
  /** Name for `instance` in the policy file, which marks the snapshots as this test's. */
  readonly instance: string;
  /** For the policy file and the data. */
  readonly directory: string;
  /** Makes a volume for this test alone. */
  volume(name: string, metadata?: Readonly<Record<string, string>>): Promise<CloudVolume>;
  /** The snapshots of this test, newest first. */
  snapshots(): Promise<readonly CloudSnapshot[]>;
}

export async function openProject(): Promise<Project> {
  const cloud = await OpenStack.login();
  const instance = `${OURS}${randomBytes(4).toString('hex')}`;
  const dir = await tempDir('openstack');
  const volumes: CloudVolume[] = [];
  return {
    cloud,
    instance,
    directory: dir.path,
    async volume(name, metadata = {}) {
      const volume = await cloud.createVolume(`${instance}-${name}`, metadata);
      volumes.push(volume);
      return volume;
    },
    snapshots: () => cloud.snapshotsOf(instance),
    async [Symbol.asyncDispose]() {
      await cloud.removeSnapshots(({ metadata }) => metadata['snapkeep_instance'] === instance);
      await cloud.removeVolumes(volumes);
      await dir.remove();
    },
  };
}

/** A target in the project that the suite was given. */
export function target(name: string, auth: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const { identityEndpoint, username, userDomain, projectId, endpoint } = credentials;
  const login = { type: 'password', identityEndpoint, username, domain: userDomain, password: { env: 'OS_PASSWORD' } };
  return { name, api: 'cinder-v3', endpoint, projectId, auth: { ...login, ...auth } };
}

/**
 * A cron expression that is due as soon as a service that is started now can be up, and not again for so many seconds
 * (20, 30 or 60), in which what the test looks at is over. On a machine where the start takes longer than `leadMs` the
 * firing comes that much later.
 */
export function soon(everySeconds: 20 | 30 | 60, leadMs = 5_000): string {
  const first = new Date(Date.now() + leadMs).getUTCSeconds() % everySeconds;
  const seconds = Array.from({ length: 60 / everySeconds }, (_, index) => first + index * everySeconds);
  return `${seconds.join(',')} * * * * *`;
}

/**
 * The promise: one good snapshot for each run that says so, none for any other, and none that no run stands for. A run
 * that is still pending may have one or not have one yet.
 */
export function expectOneSnapshotForEach(runs: readonly Run[], snapshots: readonly CloudSnapshot[]): void {
  const seen = snapshots.map(({ id, volume_id, status, metadata }) => ({
    id,
    volumeId: volume_id,
    status,
    run: metadata['snapkeep_run'] ?? '',
    due: metadata['snapkeep_due'],
    policy: metadata['snapkeep_policy'],
  }));
  const pending = new Set(runs.filter(({ outcome }) => outcome === 'pending').map(({ id }) => id));
  const ofPending = seen.filter(({ run }) => pending.has(run)).map(({ run }) => run);
  expect(ofPending).toEqual([...new Set(ofPending)]);
  const promised = runs
    .filter(({ outcome }) => outcome === 'available')
    .map(({ id, volumeId, snapshotId, due, policy }) => ({ id: snapshotId, volumeId, status: 'available', run: id, due, policy }));
  expect(seen.filter(({ run }) => !pending.has(run)).toSorted(byRun)).toEqual(promised.toSorted(byRun));
}

function byRun(a: { run: string }, b: { run: string }): number {
  return a.run.localeCompare(b.run);
}
