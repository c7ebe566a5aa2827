import { Gauge } from 'prom-client';
import type { MetricsRegistry } from './registry.ts';

/** What the gauges over volumes show: read anew for every scrape, from the state that all replicas share. */
export interface VolumeGaugeSource {
  unprotected(): Promise<readonly { readonly target: string; readonly volumes: number }[]>;
  /** Null where nobody wants a series for each volume. */
  readonly lags: (() => Promise<readonly { readonly target: string; readonly policy: string; readonly volume: string; readonly lagSeconds: number }[]>) | null;
}

/** Registers the gauges over volumes. `refresh` fills them and has to be called before each scrape; what cannot be read has no series, and none is stale. */
export function volumeGauges(registry: MetricsRegistry, source: VolumeGaugeSource): { refresh(): Promise<void> } {
  const registers = [registry];
  const unprotected = new Gauge({ name: 'snapkeep_unprotected_volumes', help: 'Volumes that no policy of the target matches', labelNames: ['target'], registers });
  const { lags } = source;
  const lag = lags === null ? null : new Gauge({ name: 'snapkeep_volume_rpo_lag_seconds', help: 'Age of the newest good snapshot of the volume', labelNames: ['target', 'policy', 'volume'], registers });
  return {
    async refresh(): Promise<void> {
      const [targets, volumes] = await Promise.all([source.unprotected(), lags === null ? [] : lags()]).catch(() => [[], []] as const);
      unprotected.reset();
      lag?.reset();
      for (const { target, volumes: count } of targets) unprotected.set({ target }, count);
      for (const { target, policy, volume, lagSeconds } of volumes) lag?.set({ target, policy, volume }, lagSeconds);
    },
  };
}
