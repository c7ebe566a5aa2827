import { CloudFailure } from '#domain/failure/failure';
import type { CallOptions, Cloud } from '../ports/cloud.ts';
import type { Owned } from './list-owned.ts';

/** A volume that the listing does not show is gone only where the cloud says so when it is asked for it. Throws CloudFailure. */
export async function goneVolumes(cloud: Cloud, owned: Owned, options: CallOptions): Promise<ReadonlySet<string>> {
  const unseen = new Set([...owned.values()].flatMap((volumes) => [...volumes.keys()]));
  for await (const page of cloud.volumePages({ withTags: false }, options)) for (const { id } of page) unseen.delete(id);
  const gone = new Set<string>();
  for (const id of unseen) if (await isGone(cloud, id, options)) gone.add(id);
  return gone;
}

export async function isGone(cloud: Cloud, volumeId: string, options: CallOptions): Promise<boolean> {
  try {
    await cloud.showVolume(volumeId, options);
    return false;
  } catch (error) {
    if (error instanceof CloudFailure && error.failure.kind === 'not_found') return true;
    throw error;
  }
}
