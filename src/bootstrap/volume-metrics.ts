import { MOST_VOLUME_SERIES, measureVolumes } from '#app/measure-volumes';
import type { Ledger } from '#app/ports/ledger';
import type { Policies } from '#app/ports/policies';
import type { SurveyBoard } from '#app/ports/survey-board';
import type { Telemetry } from '#app/ports/telemetry';
import { readUnprotected } from '#app/survey-volumes';
import type { MetricsRegistry } from '../adapters/telemetry/registry.ts';
import { volumeGauges } from '../adapters/telemetry/volume-gauges.ts';

/** The gauges over volumes of a service; `ofEach`: with a series for each volume of each policy. That there are too many is told when it begins. */
export function volumeMetrics(
  registry: MetricsRegistry,
  deps: { readonly ledger: Ledger; readonly policies: Policies; readonly board: SurveyBoard; readonly telemetry: Telemetry },
  ofEach: boolean,
): { refresh(): Promise<void> } {
  let isTold = false;
  async function lags(): Promise<Awaited<ReturnType<typeof measureVolumes>>['lags']> {
    const { lags: measured, isCut } = await measureVolumes(deps);
    if (isCut && !isTold) deps.telemetry.emit('metrics.cut', { metric: 'snapkeep_volume_rpo_lag_seconds', most: MOST_VOLUME_SERIES });
    isTold = isCut;
    return measured;
  }
  return volumeGauges(registry, { unprotected: () => readUnprotected(deps), lags: ofEach ? lags : null });
}
