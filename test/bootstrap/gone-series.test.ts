import { expect, test } from 'vitest';
import { CurrentPolicies } from '#app/current-policies';
import { policyChanges } from '#domain/policy-changes';
import type { PolicySet } from '#domain/policy';
import { MINUTE } from '#domain/time';
import { metricsTelemetry } from '../../src/adapters/telemetry/metrics-telemetry.ts';
import { createRegistry, writeMetrics } from '../../src/adapters/telemetry/registry.ts';
import { GoneSeries } from '../../src/bootstrap/gone-series.ts';
import { DUE, World, policyOf } from '../fakes/world.ts';

test('the series of a policy and of a target go some minutes after they did, all others stay', async () => {
  const { clock, policies: ofWorld } = new World();
  const one = ofWorld.current();
  const [target] = one.targets;
  if (target === undefined) throw new Error('this world has no target');
  const before: PolicySet = { ...one, targets: [target, { ...target, name: 'old' }], policies: [policyOf('kept'), policyOf('gone'), policyOf('elsewhere', { target: 'old' })] };
  const after: PolicySet = { ...one, policies: [policyOf('kept')] };
  const registry = createRegistry();
  const telemetry = metricsTelemetry(registry);
  for (const { name, target: on } of before.policies) {
    telemetry.emit('run.ended', { policy: name, target: on, due: DUE, outcome: 'available', durationMs: 5_000 });
    telemetry.emit('api.called', { target: on, operation: 'create_snapshot', httpStatus: 202, errorCode: null, durationMs: 80, requestId: null });
    telemetry.emit('policy.missed', { policy: name, count: 1, first: DUE, last: DUE, result: 'paused' });
  }
  const policies = new CurrentPolicies(before);
  const series = new GoneSeries({ registry, policies, clock });
  const names = async (): Promise<string[]> => {
    await series.sweep();
    const text = (await writeMetrics(registry)).toString();
    return [...new Set([...text.matchAll(/(?:policy|target)="([^"]+)"/g)].map(([, name]) => name ?? ''))].toSorted((a, b) => (a < b ? -1 : 1));
  };
  expect(await names()).toEqual(['elsewhere', 'eu-prod', 'gone', 'kept', 'old']);

  policies.replace(after);
  series.policiesChanged(policyChanges(before, after));
  await clock.advance(4 * MINUTE);
  expect(await names()).toEqual(['elsewhere', 'eu-prod', 'gone', 'kept', 'old']);
  await clock.advance(2 * MINUTE);
  expect(await names()).toEqual(['eu-prod', 'kept']);
  const text = (await writeMetrics(registry)).toString();
  expect(text).toContain('snapkeep_runs_total{target="eu-prod",policy="kept",outcome="available"} 1');
  expect(text).toContain('snapkeep_run_duration_seconds_count{target="eu-prod",policy="kept"} 1');
});
