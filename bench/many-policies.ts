import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const zones = ['UTC', 'Europe/Berlin', 'America/Sao_Paulo', 'Asia/Shanghai', 'America/New_York'];

/** Writes one file with so many policies that differ in times, zones, selections and retention, as a large site would have; returns its path. */
export async function manyPolicies(dir: string, count: number): Promise<string> {
  const policies = Array.from({ length: count }, (_, number) => policyText(number)).join('');
  const file = join(dir, 'policies.yaml');
  await writeFile(file, `apiVersion: snapkeep/v1
instance: bench
targets:
  - name: eu-prod
    api: evs-v3
    endpoint: https://evs.eu-west-101.example
    projectId: 0970dd9c1a0026a62fddc0038c52b5eb
    auth: { type: token, token: { env: TOKEN } }
policies:
${policies}`);
  return file;
}

function policyText(number: number): string {
  return `  - name: team-${number}-nightly
    target: eu-prod
    schedule:
      cron: "${number % 60} ${number % 24} * * *"
      timezone: ${zones[number % zones.length] ?? 'UTC'}
      spread: 30m
    volumes:
      match:
        name: "team-${number}-*"
        tags: { backup: nightly }
    snapshot:
      name: "{policy}-{volume}-{due}"
      force: true
      metadata: { team: "team-${number}" }
    retention: { last: 3, daily: 3 }
`;
}
