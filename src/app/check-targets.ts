import { CloudFailure } from '#domain/failure/failure';
import type { Policy } from '#domain/policy';
import { selectsVolume } from '#domain/selection';
import type { Target, TargetApi } from '#domain/target';
import type { Volume } from '#domain/volume';
import { asksForTags } from './list-volumes.ts';
import type { Cloud, Quota } from './ports/cloud.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Policies } from './ports/policies.ts';

/** What stands in the way in a cloud. `policy` is null where it is the target's own. */
export interface Finding {
  readonly severity: 'error' | 'warning';
  readonly target: string;
  readonly policy: string | null;
  readonly message: string;
}

/** What a target answered; null where it did not. */
export interface TargetAnswers {
  readonly target: string;
  readonly loggedIn: boolean;
  readonly volumes: number | null;
  readonly snapshots: number | null;
  /** How many more the quotas allow; null also for no limit. */
  readonly snapshotsLeft: number | null;
  readonly gigabytesLeft: number | null;
}

export interface CheckedTarget {
  readonly answers: TargetAnswers;
  readonly findings: readonly Finding[];
}

type Say = (severity: Finding['severity'], message: string, policy?: string) => void;

/** Rights by the names of Huawei Cloud's IAM (EVS API reference, permissions); on Cinder a role decides over all of them. */
const rights = { volumes: 'evs:volumes:list', snapshots: 'evs:snapshots:list', quota: 'evs:quotas:get' } as const;

/**
 * Logs in to each target, lists its volumes and snapshots, reads its quotas, and says what is missing for the policies to do
 * their work. Changes nothing, so that the right to create and delete snapshots stays unproven.
 */
export async function checkTargets({ policies, clouds }: { policies: Policies; clouds: Clouds }): Promise<readonly CheckedTarget[]> {
  const { targets, policies: all } = policies.current();
  return Promise.all(targets.map((target) => checkTarget(clouds.of(target.name), target, all.filter((policy) => policy.target === target.name))));
}

async function checkTarget(cloud: Cloud, target: Target, policies: readonly Policy[]): Promise<CheckedTarget> {
  const findings: Finding[] = [];
  const say: Say = (severity, message, policy) => void findings.push({ severity, target: target.name, policy: policy ?? null, message });
  const loggedIn = await answered(async () => cloud.authenticate(), (said) => say('error', `target ${target.name}: the log-in failed: ${said}; check endpoint, project and auth of the target`));
  if (loggedIn === null) return { answers: { target: target.name, loggedIn: false, volumes: null, snapshots: null, snapshotsLeft: null, gigabytesLeft: null }, findings };

  const refused = (what: keyof typeof rights) => (said: string) => say('error', `target ${target.name}: its ${what === 'quota' ? 'quota cannot be read' : `${what} cannot be listed`}: ${said}; ${rightFor(target.api, what)}`);
  const withTags = policies.some(({ volumes }) => asksForTags(volumes));
  const volumes = await answered(async () => gathered(cloud.volumePages({ withTags }, { priority: 'prune' })), refused('volumes'));
  const snapshots = await answered(async () => counted(cloud.snapshotPages({}, { priority: 'prune' })), refused('snapshots'));
  const quotas = await answered(async () => cloud.quotas({ priority: 'prune' }), refused('quota'));
  const snapshotsLeft = quotas === null ? null : leftOf(quotas.snapshots);
  const gigabytesLeft = quotas === null || quotas.gigabytes === null ? null : leftOf(quotas.gigabytes);
  if (volumes !== null) sayOfPolicies(target, policies, volumes, { snapshotsLeft, gigabytesLeft }, say);
  return { answers: { target: target.name, loggedIn: true, volumes: volumes?.length ?? null, snapshots, snapshotsLeft, gigabytesLeft }, findings };
}

/** Null where the cloud refused or did not answer; then `refused` was told its words. */
async function answered<T>(ask: () => Promise<T>, refused: (said: string) => void): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof CloudFailure)) throw error;
    const { httpStatus, code, message } = error.failure;
    refused([httpStatus, code, message].filter((part) => part !== null).join(' '));
    return null;
  }
}

function rightFor(api: TargetApi, what: keyof typeof rights): string {
  return api === 'evs-v3' ? `the user needs ${rights[what]}` : 'the user needs a role in the project that may';
}

function sayOfPolicies(target: Target, policies: readonly Policy[], volumes: readonly Volume[], left: Pick<TargetAnswers, 'snapshotsLeft' | 'gigabytesLeft'>, say: Say): void {
  const ids = new Set(volumes.map(({ id }) => id.toLowerCase()));
  let wantedSnapshots = 0;
  let wantedGb = 0;
  for (const policy of policies) {
    const covered = volumes.filter((volume) => selectsVolume(policy.volumes, volume));
    const unknown = policy.volumes.ids.filter((id) => !ids.has(id.toLowerCase()));
    for (const id of unknown) say('error', `policy ${policy.name} names volume ${id}, which target ${target.name} does not list; take it out, or check the id and the project`, policy.name);
    if (covered.length === 0 && unknown.length === 0) say('warning', `policy ${policy.name} covers none of the ${volumes.length} volumes of target ${target.name}`, policy.name);
    if (policy.paused) continue;
    wantedSnapshots += covered.length;
    wantedGb += covered.reduce((sum, { sizeGb }) => sum + sizeGb, 0);
  }
  const short = (what: string, leftOver: number | null, wanted: number): void => {
    if (leftOver !== null && wanted > leftOver) say('warning', `target ${target.name}: its quota leaves ${leftOver} ${what}, and one firing of each of its policies takes ${wanted}; raise the quota, or let retention delete more`);
  };
  short('snapshots', left.snapshotsLeft, wantedSnapshots);
  short('GB', left.gigabytesLeft, wantedGb);
}

function leftOf({ limit, inUse }: Quota): number | null {
  return limit === null ? null : Math.max(0, limit - inUse);
}

async function gathered<T>(pages: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

async function counted(pages: AsyncIterable<readonly unknown[]>): Promise<number> {
  let count = 0;
  for await (const page of pages) count += page.length;
  return count;
}
