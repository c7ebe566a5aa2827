import { readPolicies } from '#config/read-policies';
import type { PolicyFiles, PolicyReading } from '#app/ports/policy-files';

/** One policy file in memory, in the real format. */
export class FakePolicyFiles implements PolicyFiles {
  #text: string;
  #isNew = true;
  /** How often it was looked at, and how often read as policies. */
  looks = 0;
  loads = 0;

  constructor(text: string) {
    this.#text = text;
  }

  write(text: string): void {
    this.#text = text;
    this.#isNew = true;
  }

  /** The content as it stands, looked at or not. */
  reading(): PolicyReading {
    const text = this.#text;
    return {
      digest: text,
      load: (options) => {
        this.loads += 1;
        return readPolicies([{ name: 'policies.yaml', text }], options);
      },
    };
  }

  async read(): Promise<PolicyReading | null> {
    this.looks += 1;
    if (!this.#isNew) return null;
    this.#isNew = false;
    return this.reading();
  }
}

/** A file with one target and these policies, `[name, more]` each, on one line. */
export function fileOf(policies: readonly (readonly [name: string, more: string])[], { instance = 'prod', target = 'requestsPerSecond: 10' }: { instance?: string; target?: string } = {}): string {
  const entries = policies.map(([name, more]) => `  - { name: ${name}, target: eu-prod, volumes: { match: { name: "*" } }, rpo: 900d, ${more} }`);
  return [
    'apiVersion: snapkeep/v1',
    `instance: ${instance}`,
    'targets:',
    `  - { name: eu-prod, api: evs-v3, endpoint: "https://evs.example", projectId: 0970dd9c1a0026a62fddc0038c52b5eb, auth: { type: token, token: { env: TOKEN } }, limits: { ${target} } }`,
    policies.length === 0 ? 'policies: []' : 'policies:',
    ...entries,
    '',
  ].join('\n');
}

/** `schedule` of an entry. */
export function cron(expression: string): string {
  return `retention: { last: 3 }, schedule: { cron: "${expression}" }`;
}
