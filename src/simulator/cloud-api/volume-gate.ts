import { badRequest, notFound, type Refusal } from '../http/refusal.ts';

/** Since this minor version `force` is gone and an attached volume is as good as a free one (seen on Cinder 21.3.1). */
export const forcelessMinor = 66;

/**
 * Whether a snapshot of a volume in this state is refused, and how. Texts and rules: seen on Cinder 21.3.1; EVS
 * relays them under `EVS.5400` (EVS API reference, force).
 * @param force undefined when the request did not say
 */
export function volumeStateRefusal(
  volume: { readonly id: string; readonly status: string },
  force: boolean | undefined,
  minor: number,
): Refusal | undefined {
  const { id, status } = volume;
  const inUseAllowed = force === true || minor >= forcelessMinor;
  if (status === 'deleted') return notFound(`Volume ${id} could not be found.`);
  if (status === 'maintenance') {
    return badRequest('Invalid volume: The snapshot cannot be created when the volume is in maintenance mode.');
  }
  if (status === 'error') {
    return badRequest('Invalid volume: The snapshot cannot be created when the volume is in error status.');
  }
  if (status === 'available' || (status === 'in-use' && inUseAllowed)) return undefined;
  const allowed = inUseAllowed ? 'available, in-use' : 'available';
  return badRequest(`Invalid volume: Volume ${id} status must be ${allowed}, but current status is: ${status}.`);
}
