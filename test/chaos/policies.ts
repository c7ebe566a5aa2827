import type { Simulator, VolumeSpec } from '../../src/simulator/start-simulator.ts';

export const TARGET = 'simulated';

/** After a lost answer nothing is asked for again before this; the cloud of the tests shows everything sooner. */
export const GRACE_MS = 2_000;

const GROUPS = 12;

/** Groups of 20, and two small ones for the fast policies. */
export const volumes: readonly VolumeSpec[] = [
  ...Array.from({ length: GROUPS * 20 }, (_, at) => `${groupOf(Math.floor(at / 20))}-${at % 20}`),
  ...Array.from({ length: 20 }, (_, at) => `quick-${at % 2}-${at}`),
].map((name, at) => ({ name, ...(at % 3 === 0 ? { status: 'in-use' } : {}) }));

interface Schedule {
  readonly name: string;
  readonly cron: string;
  readonly volumes: readonly string[];
  readonly timezone?: string;
}

/**
 * Sets of volumes that overlap: each group belongs to two policies, and some policy fires every 2 or 3 seconds. The first
 * two come round faster than a snapshot is made and seen, so that their due times overlap and are skipped with a reason.
 */
const schedules: readonly Schedule[] = [
  { name: 'fast-a', cron: '*/3 * * * * *', volumes: ['quick-0-*'] },
  { name: 'fast-b', cron: '*/5 * * * * *', volumes: ['quick-*'], timezone: 'Asia/Kolkata' },
  ...Array.from({ length: GROUPS }, (_, at) => ({
    name: `wide-${at}`,
    cron: `${[at * 2.5, at * 2.5 + 30].map((second) => Math.floor(second)).join(',')} * * * * *`,
    volumes: [`${groupOf(at)}-*`, `${groupOf((at + 1) % GROUPS)}-*`],
  })),
];

function groupOf(at: number): string {
  return `group${String(at).padStart(2, '0')}`;
}

export function policyFile(cloud: Simulator, instance: string): string {
  const policies = schedules.map(
    (schedule) => `
  - name: ${schedule.name}
    target: ${TARGET}
    schedule: { cron: "${schedule.cron}", catchUp: all, timezone: ${schedule.timezone ?? 'UTC'} }
    volumes: { match: { name: [${schedule.volumes.map((glob) => `"${glob}"`).join(', ')}] } }`,
  );
  return `apiVersion: snapkeep/v1
instance: ${instance}
targets:
  - name: ${TARGET}
    api: evs-v3
    endpoint: ${cloud.evsEndpoint}
    projectId: ${cloud.projectId}
    timeout: 5s
    auth:
      type: password
      identityEndpoint: ${cloud.identityEndpoint}
      username: ${cloud.credentials.user}
      domain: ${cloud.credentials.domain}
      password: { env: CHAOS_PASSWORD }
    limits: { concurrentCreates: 30, requestsPerSecond: 100, snapshotsPerVolume: 100000 }
defaults:
  snapshot: { force: true, metadata: { team: payments } }
  retry: { attempts: 10, backoff: { initial: 200ms, max: 2s }, grace: ${GRACE_MS}ms, deadline: 15m }
  rpo: 10m
policies:${policies.join('')}
`;
}
