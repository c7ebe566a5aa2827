import { lagSeconds } from '#domain/rpo-lag';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';

/** Series of one metric that a Prometheus still likes to take from one process. */
export const MOST_VOLUME_SERIES = 10_000;

export interface VolumeLag {
  readonly target: string;
  readonly policy: string;
  readonly volume: string;
  readonly lagSeconds: number;
}

/** Policies read side by side. */
const AT_ONCE = 50;

/**
 * The age of the newest good snapshot of each volume, from the shared record. Beyond the most there may be, volumes are left
 * out: policies count in the order of their files and volumes by id, so that from scrape to scrape the same ones are shown.
 */
export async function measureVolumes(deps: { ledger: Ledger; policies: Policies }, most = MOST_VOLUME_SERIES): Promise<{ readonly lags: readonly VolumeLag[]; readonly isCut: boolean }> {
  const { policies } = deps.policies.current();
  const now = await deps.ledger.now();
  const lags: VolumeLag[] = [];
  for (let from = 0; from < policies.length && lags.length <= most; from += AT_ONCE) {
    const step = policies.slice(from, from + AT_ONCE);
    const protections = await Promise.all(step.map(({ name }) => deps.ledger.protections(name)));
    for (const [index, { name, target }] of step.entries()) {
      const ofPolicy = (protections[index] ?? []).toSorted((one, other) => (one.volumeId < other.volumeId ? -1 : 1));
      lags.push(...ofPolicy.map((protection) => ({ target, policy: name, volume: protection.volumeId, lagSeconds: lagSeconds(protection, now) })));
    }
  }
  return { lags: lags.slice(0, most), isCut: lags.length > most };
}
