import { CloudFailure } from '#domain/failure/failure';
import { isRestorable, newestGoodAt } from '#domain/restore';
import type { Snapshot } from '#domain/snapshot';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import { ActionRefused } from './ports/actions.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Policies } from './ports/policies.ts';

export interface FindDeps {
  readonly policies: Policies;
  readonly clouds: Clouds;
}

/** A snapshot by its id, in the target named or in whichever has it; or the newest good one of a volume under a policy at an instant. */
export type Wanted =
  | { readonly snapshotId: string; readonly target: string | null }
  /** `volume` is an id, or a name that one volume bears. */
  | { readonly policy: string; readonly volume: string; readonly at: Instant };

export interface Restorable {
  readonly target: string;
  readonly snapshot: Snapshot;
}

const idPattern = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

/**
 * Finds what is to be restored. Rejects with ActionRefused where there is nothing of the kind or it is not in a state to
 * be restored, and with CloudFailure where a cloud does not answer and the snapshot is not found elsewhere.
 */
export async function findRestorable(deps: FindDeps, wanted: Wanted, signal: AbortSignal): Promise<Restorable> {
  const found = 'snapshotId' in wanted ? await byId(deps, wanted, signal) : await byInstant(deps, wanted, signal);
  const { id, status } = found.snapshot;
  if (!isRestorable(status)) throw new ActionRefused(`snapshot ${id} is ${status}: only an available one can be restored`);
  return found;
}

async function byId({ policies, clouds }: FindDeps, { snapshotId, target }: { snapshotId: string; target: string | null }, signal: AbortSignal): Promise<Restorable> {
  const names = target === null ? policies.current().targets.map(({ name }) => name) : [target];
  let silent: CloudFailure | null = null;
  for (const name of names) {
    try {
      return { target: name, snapshot: await clouds.of(name).showSnapshot(snapshotId, { signal, priority: 'create' }) };
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      if (error.failure.kind !== 'not_found') silent ??= error;
    }
  }
  if (silent !== null) throw silent;
  throw new ActionRefused(`no snapshot has the id ${snapshotId} in ${names.join(', ')}`);
}

async function byInstant({ policies, clouds }: FindDeps, wanted: { policy: string; volume: string; at: Instant }, signal: AbortSignal): Promise<Restorable> {
  const policy = policies.policy(wanted.policy);
  if (policy === null) throw new ActionRefused(`no policy is called ${wanted.policy}`);
  const cloud = clouds.of(policy.target);
  const volumeId = idPattern.test(wanted.volume) ? wanted.volume.toLowerCase() : await volumeNamed(wanted.volume);
  const snapshots: Snapshot[] = [];
  for await (const page of cloud.snapshotPages({ volumeId }, { signal, priority: 'create' })) snapshots.push(...page.filter((each) => each.volumeId.toLowerCase() === volumeId));
  const snapshot = newestGoodAt(snapshots, { instance: policies.current().instance, policy: policy.name, at: wanted.at });
  if (snapshot === null) throw new ActionRefused(`volume ${wanted.volume} has no good snapshot of policy ${policy.name} due at or before ${isoSeconds(wanted.at)}`);
  return { target: policy.target, snapshot };

  async function volumeNamed(name: string): Promise<string> {
    const ids: string[] = [];
    for await (const page of cloud.volumePages({ withTags: false }, { signal, priority: 'create' })) for (const volume of page) if (volume.name === name) ids.push(volume.id);
    const [id] = ids;
    if (id === undefined) throw new ActionRefused(`no volume is called ${name}; name one that is gone by its id`);
    if (ids.length > 1) throw new ActionRefused(`${ids.length} volumes are called ${name}: name one by its id: ${ids.join(', ')}`);
    return id.toLowerCase();
  }
}
