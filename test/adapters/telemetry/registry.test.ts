import { Counter, Gauge, Histogram } from 'prom-client';
import { expect, test } from 'vitest';
import { createRegistry, writeMetrics } from '../../../src/adapters/telemetry/registry.ts';

test('written in slices, the text is the one prom-client writes at once, every time', async () => {
  const registry = createRegistry();
  const registers = [registry];
  const counter = new Counter({ name: 'a_total', help: 'Counts\nthings', labelNames: ['which'], registers });
  const histogram = new Histogram({ name: 'b_seconds', help: 'Takes', labelNames: ['which'], buckets: [1, 2, 5], registers });
  const gauge = new Gauge({ name: 'c', help: 'Stands', registers });
  new Counter({ name: 'never_total', help: 'Not yet', labelNames: ['which'], registers });
  for (let n = 0; n < 1_250; n += 1) {
    counter.inc({ which: `"${n}"` }, n);
    histogram.observe({ which: `é${n}` }, n % 7);
  }
  gauge.set(-0.5);

  for (let time = 0; time < 2; time += 1) {
    const whole = await registry.metrics();
    expect((await writeMetrics(registry)).toString()).toBe(whole);
    expect(whole.split('\n').length).toBeGreaterThan(1_250 * 7);
    counter.inc({ which: 'one more' });
  }
});
