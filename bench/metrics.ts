import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { CurrentPolicies } from '../src/app/current-policies.ts';
import { measurePolicies } from '../src/app/measure-policies.ts';
import { instant } from '../src/domain/time.ts';
import { systemClock } from '../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../src/adapters/redis/connect.ts';
import { RedisLedger } from '../src/adapters/redis/redis-ledger.ts';
import { parseRedisUrl } from '../src/adapters/redis/redis-url.ts';
import { metricsTelemetry } from '../src/adapters/telemetry/metrics-telemetry.ts';
import { createRegistry, writeMetrics } from '../src/adapters/telemetry/registry.ts';
import type { MetricsRegistry } from '../src/adapters/telemetry/registry.ts';
import { statusGauges } from '../src/adapters/telemetry/status-gauges.ts';
import { createServer } from '../src/server/http-server.ts';
import { scheduleKey } from '../src/domain/schedule/schedule-key.ts';
import { policyOf, TARGET } from '../test/fakes/world.ts';
import { startProcess } from '../test/support/redis-process.ts';
import type { Figure } from './figure.ts';
import { median } from './figure.ts';

const POLICIES = 1_000;
const VOLUMES_PER_POLICY = 100;
const SCRAPES = 20;
const SCRAPE_MS = 250;
const HELD_MS = 50;

/** One scrape of a service with a thousand policies, all of which have fired, over a hundred thousand volumes in a real Redis. */
export async function benchMetrics(): Promise<readonly Figure[]> {
  await using redis = await startProcess({});
  const client = connectRedis(parseRedisUrl(redis.url, null), 'commands');
  const policies = new CurrentPolicies({ instance: 'bench', targets: [], policies: Array.from({ length: POLICIES }, (_, n) => policyOf(`policy-${n}`)), notifications: [], revision: 'r' });
  const ledger = new RedisLedger(client, 'bench', systemClock);
  await fillLedger(ledger, policies);
  const registry = createRegistry();
  fillCounters(registry, policies);
  const gauges = statusGauges(registry, {
    policies: () => measurePolicies({ ledger, policies, since: () => systemClock.now() }),
    queues: async () => [{ target: TARGET, states: { waiting: 0, delayed: 0, active: 0 } }],
    tokens: () => [],
    config: () => ({ successful: true, loadedAtSeconds: 0 }),
    build: () => ({ version: 'bench', revision: 'bench' }),
  });
  const server = createServer({
    readiness: {},
    metrics: async () => {
      await gauges.refresh();
      return { contentType: registry.contentType, text: await writeMetrics(registry) };
    },
    api: { ledger, book: { brakes: async () => new Map() }, policies, queues: async () => [], actions: null, now: () => systemClock.now() },
    adminToken: async () => null,
    board: async () => null,
    onError: (_method, _route, error) => {
      throw error;
    },
    version: 'bench',
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  try {
    await using scraper = startScraper(url);
    await scraper.scrape();
    const scrapes: number[] = [];
    const held: number[] = [];
    let bytes = 0;
    for (let run = 0; run < SCRAPES; run += 1) {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      delay.enable();
      await setTimeout(20);
      delay.reset();
      const answer = await scraper.scrape();
      delay.disable();
      scrapes.push(answer.ms);
      held.push(delay.max / 1e6);
      bytes = answer.bytes;
    }
    const worst = Math.max(...held);
    return [
      { name: `scrape, ${POLICIES} policies, ${POLICIES * VOLUMES_PER_POLICY} volumes`, value: median(scrapes), unit: 'ms', target: `< ${SCRAPE_MS}`, ok: median(scrapes) < SCRAPE_MS, samples: scrapes },
      { name: 'event loop held during a scrape, longest', value: worst, unit: 'ms', target: `< ${HELD_MS}`, ok: worst < HELD_MS, samples: held },
      { name: 'size of a scrape', value: bytes / 1e6, unit: 'MB', target: null, ok: true, samples: [bytes / 1e6] },
    ];
  } finally {
    await server.close();
    client.disconnect();
  }
}

async function fillLedger(ledger: RedisLedger, policies: CurrentPolicies): Promise<void> {
  const now = systemClock.now();
  for (const { name, target, schedule } of policies.current().policies) {
    const due = instant(now - 3_600_000);
    await ledger.startPolicy(name, { watermark: due, scheduleKey: scheduleKey(schedule) });
    await ledger.openFiring({ id: randomUUID().replaceAll('-', '').slice(0, 16), policy: name, target, due, trigger: 'schedule', plannedAt: due });
    const ids = Array.from({ length: VOLUMES_PER_POLICY }, () => randomUUID());
    await ledger.setCovered(name, ids, due);
    await Promise.all(ids.map((id, n) => ledger.markGood(name, id, instant(now - n * 3_600_000))));
  }
}

/** Every policy has had runs of each outcome and three kinds of failure. */
function fillCounters(registry: MetricsRegistry, policies: CurrentPolicies): void {
  const telemetry = metricsTelemetry(registry);
  const due = systemClock.now();
  for (const { name: policy, target } of policies.current().policies) {
    telemetry.emit('firing.planned', { policy, target, due, trigger: 'schedule', volumes: VOLUMES_PER_POLICY, lagMs: 500 });
    for (const outcome of ['available', 'failed', 'skipped', 'abandoned'] as const) telemetry.emit('run.ended', { policy, target, due, outcome, durationMs: 5_000 });
    const run = { policy, target, due, runId: 'r', volumeId: 'v', attempt: 1, errorMessage: 'x', requestId: null };
    for (const [kind, httpStatus, errorCode] of [['invalid', 400, 'EVS.5400'], ['quota', 413, 'EVS.5413'], ['transient', 503, 'EVS.5503']] as const) {
      telemetry.emit('run.attempt_failed', { ...run, kind, httpStatus, errorCode });
      telemetry.emit('run.retry', { ...run, kind, httpStatus, errorCode, delayMs: 1 });
    }
  }
}

interface Scraper extends AsyncDisposable {
  scrape(): Promise<{ readonly ms: number; readonly bytes: number }>;
}

/** In a thread of its own: asking and reading the answer must not count as the service's work. */
function startScraper(url: string): Scraper {
  const code = `
    const { parentPort } = require('node:worker_threads');
    parentPort.on('message', async (url) => {
      const began = performance.now();
      const text = await (await fetch(url)).text();
      parentPort.postMessage({ ms: performance.now() - began, bytes: text.length });
    });`;
  const worker = new Worker(code, { eval: true });
  return {
    async scrape() {
      const answer = once(worker, 'message');
      worker.postMessage(`${url}/metrics`, []);
      return (await answer)[0] as { ms: number; bytes: number };
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
