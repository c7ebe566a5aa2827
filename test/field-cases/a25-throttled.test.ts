import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Simulator } from '../../src/simulator/start-simulator.ts';
import { startRedis, type RedisServer } from '../support/redis.ts';
import { waitFor } from '../support/wait-for.ts';
import { metricsOf, openScene } from './scene.ts';

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(async () => {
  await redis.stop();
});

const retry = '{ attempts: 2, backoff: { initial: 100ms, max: 200ms }, grace: 1s, deadline: 5m }';
const gateway = (message: string, headers: Record<string, string> = {}) => ({ kind: 'code', code: 'APIGW.0308', message, headers }) as const;
/** Calls that were on their way when the refusal came arrive within this, on a busy machine too. */
const UNDER_WAY_MS = 1_200;

function firstRefusal(cloud: Simulator): number {
  const [first] = cloud.ledger.creates({ status: 429 });
  if (first === undefined) throw new Error('no create call was refused');
  return first.at;
}

function createsBetween(cloud: Simulator, from: number, to: number): number {
  return cloud.ledger.creates().filter(({ at }) => at > from && at < to).length;
}

it('A25 429 in every form: waits as told, over all jobs of the target and none of another; no attempt is used up', async () => {
  const volumes = 20;
  await using scene = await openScene(redis.url, {
    seconds: { retry, cloud: { volumes, faults: [{ operation: 'create', nth: [5, 6], effect: gateway('Too many requests.', { 'Retry-After': '3' }) }] } },
    // More refusals of one volume than it has attempts.
    often: { retry, cloud: { volumes: 3, faults: [{ operation: 'create', volume: 'vol-0001', nth: [1, 3], effect: gateway('Too many requests.', { 'Retry-After': '1' }) }] } },
    date: { retry, cloud: { volumes } },
    silent: { retry, cloud: { volumes, faults: [{ operation: 'create', nth: [5, 6], effect: gateway('Too many requests.') }] } },
    named: {
      retry,
      cloud: { volumes: 4, faults: [{ operation: 'create', nth: 1, effect: gateway('The throttling threshold has been reached: policy user over ratelimit,limit:10,time:1 minute') }] },
    },
    calm: { retry, cloud: { volumes: 60 } },
  });
  const { seconds, date, silent, named, calm } = scene.clouds;
  const until = scene.due + 6_000;
  date.faults.add({ operation: 'create', nth: [5, 6], effect: gateway('Too many requests.', { 'Retry-After': new Date(until).toUTCString() }) });
  const { service, telemetry } = await scene.serve();
  const finished = (): string[] => telemetry.of('firing.finished').map(({ policy }) => policy);
  await telemetry.until(() => ['seconds', 'often', 'date', 'silent', 'calm'].every((policy) => finished().includes(policy)), 'the firings to end', 50_000);

  // Nobody else is slowed down.
  expect(finished()[0]).toBe('calm');
  expect(telemetry.of('target.throttled').map(({ target }) => target)).not.toContain('calm');
  expect(calm.ledger.creates()).toHaveLength(60);

  expect(createsBetween(seconds, firstRefusal(seconds) + UNDER_WAY_MS, firstRefusal(seconds) + 2_990)).toBe(0);
  expect(createsBetween(date, firstRefusal(date) + UNDER_WAY_MS, until - 10)).toBe(0);
  expect(createsBetween(silent, firstRefusal(silent) + UNDER_WAY_MS, firstRefusal(silent) + 1_990)).toBe(0);

  for (const policy of ['seconds', 'often', 'date', 'silent'] as const) {
    const runs = await scene.runs(service, policy);
    expect(runs.filter(({ outcome, tries }) => outcome !== 'available' || tries !== 1), policy).toEqual([]);
    expect(scene.clouds[policy].snapshots()).toHaveLength(runs.length);
    expect(scene.clouds[policy].ledger.committedCreates()).toHaveLength(runs.length);
  }
  const unlucky = (await scene.runs(service, 'often')).find(({ volumeName }) => volumeName === 'vol-0001');
  expect(unlucky?.attempts.map(({ result }) => result)).toEqual(['throttled', 'throttled', 'throttled', 'accepted']);

  // The cloud's own limit, 10 a minute: the job that was refused waits the minute, the others go one by one, at its pace.
  await waitFor(() => named.ledger.creates({ status: 202 }).length, (count) => count === 3, { what: 'the other jobs of the named limit', timeoutMs: 30_000 });
  const arrivals = named.ledger.creates({ status: 202 }).map(({ at }) => at).filter((at) => at > firstRefusal(named) + UNDER_WAY_MS);
  for (const [n, at] of arrivals.entries()) if (n > 0) expect(at - (arrivals[n - 1] ?? 0)).toBeGreaterThanOrEqual(4_900);
  expect(telemetry.of('run.waiting').filter(({ target }) => target === 'named').map(({ delayMs }) => delayMs).every((delayMs) => delayMs >= 60_000)).toBe(true);
  // The others' snapshots may still be watched: looking takes turns at the same pace.
  const waiting = (await scene.runs(service, 'named')).filter(({ outcome, phase }) => outcome === 'pending' && phase !== 'creating');
  expect(waiting.map(({ tries, phase, attempts }) => ({ tries, phase, results: attempts.map(({ result }) => result) }))).toEqual([{ tries: 0, phase: 'queued', results: ['throttled'] }]);

  // Counted and told, but nobody is woken over it.
  const throttled = (await metricsOf(service, 'snapkeep_failures_total')).filter((line) => line.includes('kind="throttled",status="429",code="APIGW.0308"'));
  expect(throttled.map((line) => /policy="(\w+)"/.exec(line)?.[1])).toEqual(['date', 'named', 'often', 'seconds', 'silent']);
  expect(new Set(telemetry.of('target.throttled').map(({ target }) => target))).toEqual(new Set(['date', 'named', 'often', 'seconds', 'silent']));
  expect(telemetry.count('run.failed') + telemetry.count('run.retry')).toBe(0);
}, 90_000);
