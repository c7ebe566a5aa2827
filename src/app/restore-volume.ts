import { CloudFailure } from '#domain/failure/failure';
import { RESTORE_KEY } from '#domain/restore';
import { SECOND, addMs, durationMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import type { Volume } from '#domain/volume';
import type { Restorable } from './find-restorable.ts';
import type { Clock } from './ports/clock.ts';
import type { Cloud } from './ports/cloud.ts';
import type { Clouds } from './ports/clouds.ts';

export interface RestoreDeps {
  readonly clouds: Clouds;
  readonly clock: Clock;
}

export interface RestoreOrder extends Restorable {
  readonly name: string;
  /** Null: the cloud's own choice. */
  readonly volumeType: string | null;
  /** Of this command alone: marks the volume, so that it is known again. */
  readonly restoreId: string;
  /** Told once, as soon as the volume has an id. */
  readonly onMade: (volume: Volume) => void;
}

/** Create calls in all. */
const ATTEMPTS = 3;

/** After a lost answer no second create call before this has passed and a last look found nothing; a volume just made may be in no answer for so long. */
const GRACE: DurationMs = durationMs(30 * SECOND);

const LOOK_EVERY: DurationMs = durationMs(2 * SECOND);

/** Looks that fail in a row before the wait is given up; the volume goes on being made. */
const MOST_FAILED_LOOKS = 30;

/**
 * Makes a new volume from a snapshot and waits until it is finished, however that ends: the caller looks at its status.
 * No existing volume is touched, and no second one made after a lost answer. Throws CloudFailure where the cloud refuses or
 * is silent for too long, the abort reason with the signal.
 */
export async function restoreVolume({ clouds, clock }: RestoreDeps, order: RestoreOrder, signal: AbortSignal): Promise<Volume> {
  const cloud = clouds.of(order.target);
  const made = await makeOnce(cloud, clock, order, await zoneOf(cloud, order.snapshot.volumeId, signal), signal);
  order.onMade(made);
  let failedLooks = 0;
  const seenBy = addMs(clock.now(), GRACE);
  for (;;) {
    await clock.sleepUntil(addMs(clock.now(), LOOK_EVERY), signal);
    signal.throwIfAborted();
    try {
      const volume = await cloud.showVolume(made.id, { signal, priority: 'watch' });
      failedLooks = 0;
      if (volume.status === 'available' || volume.status.startsWith('error')) return volume;
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      const isGone = error.failure.kind === 'not_found' && clock.now() > seenBy;
      failedLooks += 1;
      if (isGone || failedLooks > MOST_FAILED_LOOKS) throw error;
    }
  }
}

/** In the zone of the volume that the snapshot is of: EVS copies a snapshot nowhere else. Null where that volume is gone. */
async function zoneOf(cloud: Cloud, volumeId: string, signal: AbortSignal): Promise<string | null> {
  try {
    return (await cloud.showVolume(volumeId, { signal, priority: 'create' })).availabilityZone;
  } catch (error) {
    if (error instanceof CloudFailure && error.failure.kind === 'not_found') return null;
    throw error;
  }
}

async function makeOnce(cloud: Cloud, clock: Clock, order: RestoreOrder, availabilityZone: string | null, signal: AbortSignal): Promise<Volume> {
  const { snapshot, name, volumeType, restoreId } = order;
  const request = { snapshotId: snapshot.id, name, volumeType, sizeGb: snapshot.sizeGb, availabilityZone, metadata: { [RESTORE_KEY]: restoreId } };
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await cloud.createVolumeFromSnapshot(request, { signal, priority: 'create' });
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      const { kind, outcomeUnknown, retryAfterMs } = error.failure;
      if (!outcomeUnknown && kind !== 'transient' && kind !== 'throttled') throw error;
      const found = await find(cloud, restoreId, signal);
      if (found !== null && found !== 'unknown') return found;
      await clock.sleepUntil(addMs(clock.now(), Math.max(GRACE, retryAfterMs ?? 0)), signal);
      signal.throwIfAborted();
      const late = await find(cloud, restoreId, signal);
      if (late !== null && late !== 'unknown') return late;
      if (late === 'unknown' || attempt >= ATTEMPTS) throw error;
    }
  }
}

/** The volume that an earlier call of this command made; null where there is none, `unknown` where the cloud does not list all. */
async function find(cloud: Cloud, restoreId: string, signal: AbortSignal): Promise<Volume | null | 'unknown'> {
  try {
    for await (const page of cloud.volumePages({ withTags: false }, { signal, priority: 'create' })) {
      const found = page.find(({ metadata }) => metadata[RESTORE_KEY] === restoreId);
      if (found !== undefined) return found;
    }
    return null;
  } catch (error) {
    if (error instanceof CloudFailure) return 'unknown';
    throw error;
  }
}
