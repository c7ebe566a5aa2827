import { expect, test } from 'vitest';
import type { PolicyGauges } from '#app/views/policy-gauges';
import { createRegistry, writeMetrics } from '../../../src/adapters/telemetry/registry.ts';
import { statusGauges } from '../../../src/adapters/telemetry/status-gauges.ts';
import type { GaugeSource } from '../../../src/adapters/telemetry/status-gauges.ts';

const nightly: PolicyGauges = { policy: 'nightly', target: 'eu', volumes: 12, overdue: 2, rpoSeconds: 93_600, rpoLagSeconds: 99_999, lastFiringSeconds: 1_764_000_000, nextDueSeconds: 1_764_086_400 };

async function scrape(policies: GaugeSource['policies']): Promise<string[]> {
  const registry = createRegistry();
  const source: GaugeSource = {
    policies,
    queues: async () => [{ target: 'eu', states: { waiting: 3, active: 0 } }],
    tokens: () => [{ target: 'eu', expiresAtSeconds: 1_764_001_000 }],
    config: () => ({ successful: true, loadedAtSeconds: 1_763_999_999.5 }),
    build: () => ({ version: '1.2.3', revision: 'abc' }),
  };
  const gauges = statusGauges(registry, source);
  // What the scrape before showed is gone where it is no longer so.
  await gauges.refresh();
  await gauges.refresh();
  return (await writeMetrics(registry)).toString().split('\n').filter((line) => line.startsWith('snapkeep_')).toSorted();
}

const own = [
  'snapkeep_build_info{version="1.2.3",revision="abc"} 1',
  'snapkeep_config_last_reload_successful 1',
  'snapkeep_config_last_reload_timestamp_seconds 1763999999.5',
];
const token = 'snapkeep_token_expiry_timestamp_seconds{target="eu"} 1764001000';
const queue = ['snapkeep_queue_jobs{target="eu",state="active"} 0', 'snapkeep_queue_jobs{target="eu",state="waiting"} 3'];

test('a policy with all that is known of it', async () => {
  expect(await scrape(async () => [nightly])).toEqual([
    ...own,
    'snapkeep_policy_last_firing_timestamp_seconds{policy="nightly"} 1764000000',
    'snapkeep_policy_next_due_timestamp_seconds{policy="nightly"} 1764086400',
    'snapkeep_policy_rpo_lag_seconds{target="eu",policy="nightly"} 99999',
    'snapkeep_policy_rpo_seconds{target="eu",policy="nightly"} 93600',
    'snapkeep_policy_volumes_overdue{target="eu",policy="nightly"} 2',
    'snapkeep_policy_volumes{target="eu",policy="nightly"} 12',
    ...queue,
    'snapkeep_redis_up 1',
    token,
  ]);
});

test('what is not known has no series, and a policy that goes takes its series along', async () => {
  const replies = [[nightly], [{ ...nightly, volumes: 0, overdue: 0, rpoLagSeconds: null, lastFiringSeconds: null, nextDueSeconds: null }]];
  expect(await scrape(async () => replies.shift() ?? [])).toEqual([
    ...own,
    'snapkeep_policy_rpo_seconds{target="eu",policy="nightly"} 93600',
    'snapkeep_policy_volumes_overdue{target="eu",policy="nightly"} 0',
    'snapkeep_policy_volumes{target="eu",policy="nightly"} 0',
    ...queue,
    'snapkeep_redis_up 1',
    token,
  ]);
  const first = [[nightly]];
  expect(await scrape(async () => first.shift() ?? [])).toEqual([...own, ...queue, 'snapkeep_redis_up 1', token]);
});

test('Redis goes away: so do all shared series, and redis_up is 0', async () => {
  const replies = [[nightly]];
  const policies = async (): Promise<readonly PolicyGauges[]> => {
    const reply = replies.shift();
    if (reply === undefined) throw new Error('Connection is closed.');
    return reply;
  };
  expect(await scrape(policies)).toEqual([...own, 'snapkeep_redis_up 0', token]);
});
