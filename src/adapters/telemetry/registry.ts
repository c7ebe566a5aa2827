import { setImmediate } from 'node:timers/promises';
import { openMetricsContentType, Registry } from 'prom-client';
import type { Metric, OpenMetricsContentType } from 'prom-client';

export type MetricsRegistry = Registry<OpenMetricsContentType>;

/** An empty registry that is written out as OpenMetrics text. */
export function createRegistry(): MetricsRegistry {
  const registry = new Registry<OpenMetricsContentType>();
  registry.setContentType(openMetricsContentType);
  return registry;
}

const END = '# EOF\n';

/** Lines written in one go: a few milliseconds' worth. */
const SLICE = 1_000;

/**
 * What `registry.metrics()` gives, in slices between which the process gets to do other things: with thousands of policies
 * the whole would hold it for long. UTF-8: a socket takes bytes at once, but one long text only slowly.
 */
export async function writeMetrics(registry: MetricsRegistry): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (const read of readersOf(registry)) {
    const metric = await read();
    await setImmediate();
    for (let from = 0; from === 0 || from < metric.values.length; from += SLICE) {
      const text = await written({ ...metric, values: metric.values.slice(from, from + SLICE) });
      parts.push(Buffer.from(from === 0 ? text : withoutHead(text)));
      await setImmediate();
    }
  }
  return Buffer.concat([...parts, Buffer.from(END)]);
}

/** A metric with its values as they stand. */
interface Reading {
  readonly name: string;
  readonly type: unknown;
  readonly values: readonly unknown[];
}

/** As `registry.metrics()` reads them (prom-client 15.1.3): histograms have a cheaper way than `get` that their types do not name. */
function readersOf(registry: MetricsRegistry): (() => Promise<Reading>)[] {
  return registry.getMetricsAsArray().map((metric) => {
    const real = metric as unknown as { get(): Promise<Reading>; getForPromString?(): Promise<Reading> };
    return () => real.getForPromString?.() ?? real.get();
  });
}

async function written(metric: Reading): Promise<string> {
  const registry = createRegistry();
  // The registry takes the ending `_total` off the name of what it was given, and of all that its type wants it calls `get` alone.
  const given = { ...metric, get: async () => given };
  registry.registerMetric(given as unknown as Metric);
  const text = await registry.metrics();
  return text.slice(0, text.length - END.length);
}

/** Without the lines HELP and TYPE, which are told once. */
function withoutHead(text: string): string {
  return text.slice(text.indexOf('\n', text.indexOf('\n') + 1) + 1);
}
