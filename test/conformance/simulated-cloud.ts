import { startSimulator, type Flavour, type Simulator } from '#simulator/start-simulator';
import type { CloudUnderTest } from './cloud-under-test.ts';

/** Long enough to be seen, short enough for a suite. */
const quick = { minMs: 1, maxMs: 3 };

/** A simulated cloud of its own. Without EVS's cap of snapshots a volume, which would come in the way of the tables. */
export async function openSimulatedCloud(flavour: Flavour): Promise<CloudUnderTest> {
  return asCloudUnderTest(await startSimulator({ flavour, volumes: [], creation: quick, deletion: quick, snapshotsPerVolume: null }));
}

export function asCloudUnderTest(sim: Simulator): CloudUnderTest {
  const { user, password, domain } = sim.credentials;
  return {
    kind: sim.flavour === 'evs' ? 'simulatedEvs' : 'simulatedCinder',
    identityEndpoint: sim.identityEndpoint,
    endpoint: sim.evsEndpoint,
    projectId: sim.projectId,
    credentials: { username: user, password, domain },
    addVolume: async (name) => sim.addVolume({ name: `conf-${name}`, size: 1 }).id,
    setVolumeStatus: async (id, status) => sim.setVolumeStatus(id, status),
    setSnapshotStatus: async (id, status) => sim.setSnapshotStatus(id, status),
    setSnapshotQuota: async (limit) => sim.changeSettings({ projectSnapshotQuota: limit }),
    liftSnapshotQuota: async () => sim.changeSettings({ projectSnapshotQuota: null }),
    [Symbol.asyncDispose]: () => sim.close(),
  };
}
