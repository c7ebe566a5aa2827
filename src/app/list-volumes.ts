import type { VolumeSelection } from '#domain/policy';
import { selectsVolume } from '#domain/selection';
import { CloudFailure } from '#domain/failure/failure';
import type { Volume } from '#domain/volume';
import { eachVolume } from './list-together.ts';
import type { CallOptions, Cloud } from './ports/cloud.ts';

/** A volume that a policy covers. `named`: it stands in the policy by its id. */
export interface CoveredVolume {
  readonly id: string;
  readonly name: string | null;
  readonly named: boolean;
}

/** Up to so many volumes named by id are asked for one by one; more are read off the listing. */
const NAMED_ONE_BY_ONE = 20;

/** Whether the volumes of a policy are asked for by their ids and not read off the listing. */
export function asksOneByOne({ ids, match }: VolumeSelection): boolean {
  return match === null && new Set(ids.map((id) => id.toLowerCase())).size <= NAMED_ONE_BY_ONE;
}

/**
 * The volumes a policy covers now. A volume that the policy names by id is covered whether the cloud knows it or not:
 * its absence has to show as a failed run. Throws CloudFailure where the cloud does not say all of it.
 */
export async function listCoveredVolumes(cloud: Cloud, selection: VolumeSelection, options: CallOptions): Promise<readonly CoveredVolume[]> {
  const named = new Set(selection.ids.map((id) => id.toLowerCase()));
  const covered = new Map<string, CoveredVolume>();
  for (const id of named) covered.set(id, { id, name: null, named: true });

  if (asksOneByOne(selection)) {
    for (const id of named) {
      const volume = await showOrNull(cloud, id, options);
      if (volume !== null) consider(volume);
    }
    return [...covered.values()];
  }
  await eachVolume(cloud, asksForTags(selection), options, consider);
  return [...covered.values()];

  function consider(volume: Volume): void {
    if (selectsVolume(selection, volume)) covered.set(volume.id, { id: volume.id, name: volume.name, named: named.has(volume.id) });
    else covered.delete(volume.id);
  }
}

/** Whether a policy cannot tell its volumes without their tags. */
export function asksForTags({ match, exclude }: VolumeSelection): boolean {
  return match?.tags !== undefined || exclude?.tags !== undefined;
}

async function showOrNull(cloud: Cloud, id: string, options: CallOptions): Promise<Volume | null> {
  try {
    return await cloud.showVolume(id, options);
  } catch (error) {
    if (error instanceof CloudFailure && error.failure.kind === 'not_found') return null;
    throw error;
  }
}
