import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { classifyFailure } from '#domain/failure/classify-failure';
import { addMs, HOUR, instant, isoSeconds } from '#domain/time';
import { metricsTelemetry } from '../../src/adapters/telemetry/metrics-telemetry.ts';
import { createRegistry, writeMetrics } from '../../src/adapters/telemetry/registry.ts';
import { seededRandom } from '../../src/simulator/state/random.ts';
import { at } from '../fakes/world.ts';

const VOLUMES = 500;
const DAYS = 30;
const target = 'eu-prod';
const policy = 'hourly';

test('A40 500 volumes, hourly, for 30 days, with failures that name a request each: as many series as on the first day', async () => {
  const registry = createRegistry();
  const telemetry = metricsTelemetry(registry);
  const random = seededRandom(40);
  const ids: string[] = [];
  const counts: number[] = [];
  for (let hour = 0; hour < DAYS * 24; hour += 1) {
    const due = addMs(at('2026-11-01T00:00:00Z'), hour * HOUR);
    telemetry.emit('firing.planned', { policy, target, due, trigger: 'schedule', volumes: VOLUMES, lagMs: 500 });
    for (let volume = 0; volume < VOLUMES; volume += 1) {
      const run = { policy, target, due, runId: `r${hour}-${volume}`, volumeId: `volume-${volume}` };
      const call = { target, operation: 'create_snapshot', durationMs: 80 };
      if (random.next() >= 0.05) {
        telemetry.emit('api.called', { ...call, httpStatus: 202, errorCode: null, requestId: `req-${hour}-${volume}` });
        telemetry.emit('run.ended', { policy, target, due, outcome: 'available', durationMs: 5_000 });
        continue;
      }
      const requestId = randomUUID();
      ids.push(requestId, isoSeconds(due));
      const status = random.next() < 0.5 ? 400 : 503;
      const message = `Volume ${run.volumeId} at ${isoSeconds(due)} cannot be snapshotted (request ${requestId})`;
      const failure = classifyFailure({
        outcome: { type: 'answer', status, body: JSON.stringify({ error: { code: `EVS.5${status}`, message } }), requestId, retryAfter: null },
        creates: true,
        force: true,
        now: instant(due),
      });
      const fields = { kind: failure.kind, httpStatus: failure.httpStatus, errorCode: failure.code, errorMessage: failure.message, requestId: failure.requestId };
      telemetry.emit('api.called', { ...call, httpStatus: failure.httpStatus, errorCode: failure.code, requestId });
      telemetry.emit('run.attempt_failed', { ...run, ...fields, attempt: 1 });
      if (status === 503) telemetry.emit('run.retry', { ...run, ...fields, attempt: 1, delayMs: 10_000 });
      telemetry.emit('run.ended', { policy, target, due, outcome: 'failed', durationMs: 5_000 });
    }
    if (hour % 24 === 23) counts.push((await seriesOf(registry)).length);
  }

  expect(ids.length).toBeGreaterThan(VOLUMES * DAYS * 24 * 0.08);
  expect(counts).toHaveLength(DAYS);
  expect(new Set(counts).size).toBe(1);
  // Two outcomes, two kinds of failure, three answers to one operation, one of retries and due times; and three histograms.
  expect((await seriesOf(registry)).filter((line) => !/_(bucket|sum|count)\{/.test(line))).toHaveLength(2 + 2 + 3 + 1 + 1);
  expect(counts[0]).toBeLessThan(70);
  const text = (await writeMetrics(registry)).toString();
  for (const id of ids.slice(0, 2_000)) expect(text).not.toContain(id);
  expect(text).not.toContain('volume-');
}, 60_000);

async function seriesOf(registry: ReturnType<typeof createRegistry>): Promise<string[]> {
  return (await writeMetrics(registry)).toString().split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}
