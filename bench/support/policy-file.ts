import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Simulator } from '../../src/simulator/start-simulator.ts';

/** The variable that holds the password of the simulated cloud. */
export const PASSWORD_ENV = 'SNAPKEEP_BENCH_PASSWORD';

/** The instance of every bench: the key prefix in Redis. */
export const INSTANCE = 'bench';

/** Create calls under way at once; the same for what a firing is measured against. */
export const CONCURRENT_CREATES = 60;

export interface BenchPolicy {
  readonly name: string;
  /** Six fields, or `@yearly` and the like. */
  readonly cron: string;
  /** Glob of the volumes' names. */
  readonly volumes: string;
  /** More of the policy as YAML in one line each: `retention: { last: 1 }`. */
  readonly more?: readonly string[];
}

export interface BenchTarget {
  /** Of all replicas together; absent is no limit. */
  readonly requestsPerSecond?: number;
  readonly concurrentCreates?: number;
}

/** The text of a policy file for a simulated cloud. */
export function policyText(cloud: Simulator, policies: readonly BenchPolicy[], target: BenchTarget = {}): string {
  const { requestsPerSecond, concurrentCreates = CONCURRENT_CREATES } = target;
  const rate = requestsPerSecond === undefined ? '' : `, requestsPerSecond: ${requestsPerSecond}`;
  return `apiVersion: snapkeep/v1
instance: ${INSTANCE}
targets:
  - name: simulated
    api: evs-v3
    endpoint: ${cloud.evsEndpoint}
    projectId: "${cloud.projectId}"
    auth:
      type: password
      identityEndpoint: ${cloud.identityEndpoint}
      username: ${cloud.credentials.user}
      domain: ${cloud.credentials.domain}
      password: { env: ${PASSWORD_ENV} }
    limits: { concurrentCreates: ${concurrentCreates}${rate} }
policies:
${policies.map(policyOf).join('\n')}
`;
}

function policyOf({ name, cron, volumes, more = [] }: BenchPolicy): string {
  const lines = [`- name: ${name}`, '  target: simulated', `  schedule: { cron: "${cron}" }`, `  volumes: { match: { name: "${volumes}" } }`, '  snapshot: { force: true }', ...more.map((line) => `  ${line}`)];
  return lines.map((line) => `  ${line}`).join('\n');
}

/** Due once a day at this second, UTC. */
export function cronAt(due: Date): string {
  return `${due.getUTCSeconds()} ${due.getUTCMinutes()} ${due.getUTCHours()} * * *`;
}

/** Writes it as `policy.yaml` into the directory and gives its path. */
export async function writePolicyFile(dir: string, text: string): Promise<string> {
  const file = path.join(dir, 'policy.yaml');
  await writeFile(file, text);
  return file;
}
