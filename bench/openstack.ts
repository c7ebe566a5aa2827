import { execFile, execFileSync } from 'node:child_process';
import { promisify } from 'node:util';
import { startSimulator } from '../src/simulator/start-simulator.ts';
import type { Simulator } from '../src/simulator/start-simulator.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';
import { runFiring } from './support/firing-run.ts';

const VOLUMES = 50;
const FIRINGS = 5;
const FASTER = 200;
const WITHIN_MS = 600_000;

/** The same for both: a cloud whose snapshots are made at once, so that only the tools' own time counts. */
const creation = { minMs: 0, maxMs: 0 };

/** What people write in a shell today: asks for one snapshot after the other and waits for each. */
const LOOP = `set -e
for volume in $VOLUME_IDS; do
  id=$(openstack volume snapshot create --volume "$volume" --force "by-hand-$volume" -f value -c id)
  until [ "$(openstack volume snapshot show "$id" -f value -c status)" = available ]; do sleep 1; done
done`;

/** A shell loop over the openstack client against a firing over as many volumes of the same simulated cloud. */
export async function benchOpenstack(): Promise<readonly Figure[]> {
  const name = `a shell loop over the openstack client against a firing, ${VOLUMES} snapshots`;
  const target = `>= ${FASTER}`;
  if (!hasClient()) return [{ name, value: Number.NaN, unit: 'x', target, ok: false, samples: [], notRun: 'the openstack client is not installed (python3-openstackclient)' }];
  const loopMs = await loop();
  const firings: number[] = [];
  for (let run = 0; run < FIRINGS; run += 1) firings.push((await runFiring({ volumes: VOLUMES, workers: 1, cloud: { creation } })).finishedMs);
  const ratios = firings.map((ms) => loopMs / ms);
  return [
    { name: `shell loop over the openstack client, ${VOLUMES} snapshots`, value: loopMs / 1_000, unit: 's', target: null, ok: true, samples: [loopMs / 1_000] },
    { name: `due to all available, ${VOLUMES} volumes`, value: median(firings) / 1_000, unit: 's', target: null, ok: true, samples: firings.map((ms) => ms / 1_000) },
    { name, value: median(ratios), unit: 'x', target, ok: median(ratios) >= FASTER, samples: ratios },
  ];
}

function hasClient(): boolean {
  try {
    execFileSync('openstack', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function loop(): Promise<number> {
  await using cloud = await startSimulator({ flavour: 'cinder', volumes: VOLUMES, creation });
  const startedAt = performance.now();
  await promisify(execFile)('sh', ['-c', LOOP], { env: environment(cloud), timeout: WITHIN_MS });
  const ms = performance.now() - startedAt;
  if (cloud.snapshots().length !== VOLUMES) throw new Error(`the loop made ${cloud.snapshots().length} snapshots`);
  return ms;
}

/** Nothing of a cloud that the caller's own environment names is left. */
function environment(cloud: Simulator): NodeJS.ProcessEnv {
  const rest = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('OS_')));
  const { user, password, domain } = cloud.credentials;
  return {
    ...rest,
    OS_AUTH_URL: cloud.identityEndpoint,
    OS_IDENTITY_API_VERSION: '3',
    OS_VOLUME_API_VERSION: '3',
    OS_USERNAME: user,
    OS_PASSWORD: password,
    OS_USER_DOMAIN_NAME: domain,
    OS_PROJECT_ID: cloud.projectId,
    VOLUME_IDS: cloud.volumes().map(({ id }) => id).join(' '),
  };
}
