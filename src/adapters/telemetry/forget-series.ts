import type { MetricsRegistry } from './registry.ts';

/** What every kind of metric has; prom-client's type of the registry's list names the reading and not the removal. */
interface Labelled {
  get(): Promise<{ readonly values: readonly { readonly labels: Readonly<Record<string, string | number | undefined>> }[] }>;
  remove(labels: Record<string, string | number | undefined>): void;
}

/** Takes every series out of the registry whose `policy` or `target` label names none that is named any more. */
export async function forgetSeries(registry: MetricsRegistry, isNamed: (label: 'policy' | 'target', name: string) => boolean): Promise<void> {
  for (const metric of registry.getMetricsAsArray() as unknown as readonly Labelled[]) {
    for (const { labels } of (await metric.get()).values) {
      const isGone = (['policy', 'target'] as const).some((label) => labels[label] !== undefined && !isNamed(label, String(labels[label])));
      // The buckets of a histogram are told apart by `le`, which is no label of the series.
      const { le: _, ...own } = labels;
      if (isGone) metric.remove(own);
    }
  }
}
