import type { Clock } from '#app/ports/clock';
import type { Policies } from '#app/ports/policies';
import type { PolicyChanges } from '#domain/policy-changes';
import { MINUTE } from '#domain/time';
import type { Instant } from '#domain/time';
import { forgetSeries } from '../adapters/telemetry/forget-series.ts';
import type { MetricsRegistry } from '../adapters/telemetry/registry.ts';

/** Long enough for two scrapes and more: what a policy's last runs ended as is seen before its series go, ms. */
const KEPT_MS = 5 * MINUTE;

/** Takes the series of policies and targets out of the metrics some minutes after they went. */
export class GoneSeries {
  readonly #deps: { readonly registry: MetricsRegistry; readonly policies: Policies; readonly clock: Clock };
  #wentAt: Instant | null = null;

  constructor(deps: { readonly registry: MetricsRegistry; readonly policies: Policies; readonly clock: Clock }) {
    this.#deps = deps;
  }

  /** Other policies have come into force. */
  policiesChanged({ policies, targets }: PolicyChanges): void {
    if (policies.removed.length + targets.removed.length > 0) this.#wentAt = this.#deps.clock.now();
  }

  /** To be called before each scrape. */
  async sweep(): Promise<void> {
    const { registry, policies, clock } = this.#deps;
    if (this.#wentAt === null || clock.now() - this.#wentAt < KEPT_MS) return;
    this.#wentAt = null;
    await forgetSeries(registry, (label, name) => policies[label](name) !== null);
  }
}
