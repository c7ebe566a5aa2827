import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stage } from '../integration/running-service.ts';
import type { Stage } from '../integration/running-service.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { startPrometheus } from './support/prometheus.ts';
import type { Prometheus } from './support/prometheus.ts';
import { selectorsIn, shippedQueries } from './support/queries.ts';
import { RULES_FILE } from './support/rules.ts';

/** A volume for each way in which things go wrong. */
const volumes = ['vol-good', 'vol-refused', 'vol-quota', 'vol-forbidden', 'vol-throttled', 'vol-unavailable', 'vol-broken', 'vol-lost', 'vol-twice', 'vol-stuck'].map((name) => ({ name }));

const queries = shippedQueries();
const selectors = [...new Set(queries.flatMap(({ expr }) => selectorsIn(expr)))];

let redis: RedisServer;
let scene: Stage;
let prometheus: Prometheus;

beforeAll(async () => {
  redis = await startRedis();
  scene = await stage({
    redisUrl: redis.url,
    due: '*/4 * * * * *',
    retention: '{ last: 2 }',
    cloud: {
      volumes,
      faults: [
        { operation: 'create', volume: 'vol-refused', effect: { kind: 'code', code: 'EVS.1012' } },
        { operation: 'create', volume: 'vol-quota', effect: { kind: 'code', code: 'EVS.5413' } },
        { operation: 'create', volume: 'vol-forbidden', effect: { kind: 'code', code: 'EVS.5403' } },
        { operation: 'create', volume: 'vol-throttled', times: 3, effect: { kind: 'code', code: 'APIGW.0308' } },
        { operation: 'create', volume: 'vol-unavailable', everyNth: 2, startAt: 1, effect: { kind: 'code', code: 'EVS.5503' } },
        { operation: 'create', volume: 'vol-broken', everyNth: 2, startAt: 1, effect: { kind: 'snapshot-error' } },
        { operation: 'create', volume: 'vol-lost', effect: { kind: 'commit-then-504' } },
        { operation: 'create', volume: 'vol-twice', nth: 1, effect: { kind: 'commit-then-504', commitAfterMs: 2_500 } },
        // What expired of it piles up, until the brake holds.
        { operation: 'delete', volume: 'vol-unavailable', effect: { kind: 'code', code: 'EVS.1047' } },
        // Abandoned at the policy's deadline, a minute after its due time.
        { operation: 'create', volume: 'vol-stuck', effect: { kind: 'snapshot-stuck' } },
      ],
    },
  });
  const { service } = await scene.serve();
  prometheus = await startPrometheus({ scrape: [new URL(service.url).host], rules: RULES_FILE });
}, 60_000);

afterAll(async () => {
  await prometheus[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
  await redis.stop();
});

describe('the queries of the alert rules and the dashboard, over a service with every kind of trouble', () => {
  test.each(selectors)('%s has series', async (selector) => {
    const series = await waitFor(() => prometheus.series(selector), (found) => found.length > 0, { what: `series of ${selector}`, timeoutMs: 100_000, intervalMs: 250 });
    expect(series.length).toBeGreaterThan(0);
  }, 110_000);

  test.each(['deleted', 'failed', 'braked'])('prunes are counted as %s', async (outcome) => {
    const counted = await waitFor(() => prometheus.query(`snapkeep_pruned_total{outcome="${outcome}"}`), (found) => found.length > 0, { what: `a prune that is ${outcome}`, timeoutMs: 100_000, intervalMs: 250 });
    expect(counted).toMatchObject([{ metric: { target: 'simulated', policy: 'often' } }]);
  }, 110_000);

  test.each(queries.map(({ from, expr }) => [from, expr]))('Prometheus takes the query of %s', async (_from, expr) => {
    await expect(prometheus.query(expr)).resolves.toBeInstanceOf(Array);
  });

  test('Prometheus reads the answer of /metrics without complaint', async () => {
    expect(await prometheus.scrapeErrors()).toEqual([]);
  });

  test.each(['SnapkeepRunsFailing', 'SnapkeepBadRequests', 'SnapkeepQuotaExhausted', 'SnapkeepLoginFailing', 'SnapkeepPruneBraked', 'SnapkeepPruneFailing'])('%s fires', async (alert) => {
    await waitFor(() => prometheus.query(`ALERTS{alertname="${alert}", alertstate="firing"}`), (firing) => firing.length > 0, { what: `${alert} to fire`, timeoutMs: 30_000, intervalMs: 250 });
    const firing = await prometheus.query(`ALERTS{alertname="${alert}", alertstate="firing"}`);
    expect(firing.every(({ metric }) => metric['target'] === 'simulated')).toBe(true);
  }, 40_000);
});
