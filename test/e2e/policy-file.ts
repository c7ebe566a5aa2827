import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Simulator } from '../../src/simulator/start-simulator.ts';

export const PASSWORD_VARIABLE = 'E2E_PASSWORD';

export interface PolicyOptions {
  readonly cron?: string;
  readonly volumes?: string;
  readonly endpoint?: string;
  /** The `notifications` of the file, as YAML in one line. */
  readonly notifications?: string;
}

/** Writes a policy file for a simulated cloud; returns its path. */
export async function policyFile(dir: string, cloud: Simulator, { cron = '* * * * * *', volumes = '{ match: { name: "vol-*" } }', endpoint, notifications = '[]' }: PolicyOptions = {}): Promise<string> {
  const file = path.join(dir, 'policies.yaml');
  await writeFile(file, `apiVersion: snapkeep/v1
instance: e2e
targets:
  - name: simulated
    api: evs-v3
    endpoint: ${endpoint ?? cloud.evsEndpoint}
    projectId: ${cloud.projectId}
    auth:
      type: password
      identityEndpoint: ${endpoint === undefined ? cloud.identityEndpoint : `${endpoint}/v3`}
      username: ${cloud.credentials.user}
      domain: ${cloud.credentials.domain}
      password: { env: ${PASSWORD_VARIABLE} }
policies:
  - name: often
    target: simulated
    schedule: { cron: "${cron}" }
    volumes: ${volumes}
    snapshot: { force: true, metadata: { team: e2e } }
    retention: { last: 6 }
    retry: { attempts: 2, backoff: { initial: 100ms, max: 1s }, grace: 1s, deadline: 1m }
notifications: ${notifications}
`);
  return file;
}
