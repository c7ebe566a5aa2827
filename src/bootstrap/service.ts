import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { checkStore } from '#app/check-store';
import { CurrentPolicies } from '#app/current-policies';
import { measurePolicies } from '#app/measure-policies';
import { OwnedSnapshots } from '#app/owned-snapshots';
import type { Telemetry } from '#app/ports/telemetry';
import type { Traces } from '#app/ports/traces';
import { FiringRequests } from '#app/firing-requests';
import type { QueueDepth } from '#app/views/overview-view';
import { Scheduler } from '#app/scheduler';
import { supervise } from '#app/supervise';
import { VolumeSurvey } from '#app/survey-volumes';
import { watchStore } from '#app/watch-store';
import type { PolicySet } from '#domain/policy';
import { instant } from '#domain/time';
import { createServer } from '#server/http-server';
import { BOARD_PATH } from '#server/queue-board';
import { BullmqRunQueue } from '../adapters/bullmq/bullmq-run-queue.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { connectRedis } from '../adapters/redis/connect.ts';
import { describeRedis } from '../adapters/redis/redis-url.ts';
import { keyPrefix } from '../adapters/redis/keys.ts';
import { RedisLedger } from '../adapters/redis/redis-ledger.ts';
import { RedisSurveyBoard } from '../adapters/redis/redis-survey-board.ts';
import { readStoreFacts } from '../adapters/redis/store-facts.ts';
import { createRegistry, writeMetrics } from '../adapters/telemetry/registry.ts';
import { fanOut } from '../adapters/telemetry/fan-out.ts';
import { metricsTelemetry } from '../adapters/telemetry/metrics-telemetry.ts';
import { statusGauges } from '../adapters/telemetry/status-gauges.ts';
import { adminTokenIn } from './admin-token.ts';
import { BuiltClouds } from './build-clouds.ts';
import { NotificationRuntime } from './notification-runtime.ts';
import type { OpenedRedis } from './open-redis.ts';
import { RedisHealth } from './redis-health.ts';
import { TargetRuntime } from './target-runtime.ts';
import { packageVersion } from './version.ts';
import { volumeMetrics } from './volume-metrics.ts';

export type Role = 'all' | 'scheduler' | 'worker';

export interface ServiceOptions {
  readonly role: Role;
  readonly set: PolicySet;
  readonly redis: OpenedRedis;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Logs, or what else wants to know. */
  readonly telemetry: Telemetry;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Holds the token that changes over HTTP want to be shown; absent: nothing can be changed. Read again when it changes. */
  readonly adminTokenFile?: string;
  /** A series for each volume of each policy; default false. */
  readonly volumeMetrics?: boolean;
  /** Absent or null: runs are not traced. Closed with the service. */
  readonly traces?: Traces | null;
  /** Tell the calls to the cloud word for word, without secrets; default false. */
  readonly dumpsCalls?: boolean;
}

export interface Service {
  /** Where HTTP listens: `http://host:port`. */
  readonly url: string;
  readonly ledger: RedisLedger;
  readonly queue: BullmqRunQueue;
  readonly policies: CurrentPolicies;
  readonly clouds: BuiltClouds;
  /** Resolves once everything has started; waits for Redis as long as it takes. */
  readonly started: Promise<void>;
  /** Ends everything in reverse order within `drainMs` and a few seconds. False where a run had to be cut off. */
  stop(drainMs: number): Promise<boolean>;
}

/** How long a stopping service waits for calls to a Redis that may be away. */
const CLOSE_MS = 2_000;

/** Puts all parts together and starts them: HTTP first, so that liveness answers while Redis is still awaited. Rejects where it cannot listen. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const startedAt = performance.now();
  const version = packageVersion();
  const clock = systemClock;
  const registry = createRegistry();
  let notifications: NotificationRuntime | null = null;
  const traces = options.traces ?? null;
  const telemetry = fanOut([options.telemetry, ...(traces === null ? [] : [traces.telemetry]), metricsTelemetry(registry), { emit: (event, fields) => notifications?.told(event, fields) }]);
  const loadedAtSeconds = clock.now() / 1000;
  const policies = new CurrentPolicies(options.set);
  const { instance } = options.set;
  const prefix = keyPrefix(instance);
  const replica = `${hostname()}-${process.pid}-${randomUUID().slice(0, 8)}`;

  const health = new RedisHealth({ clock, telemetry });
  const ca = options.redis.ca === null ? {} : { ca: options.redis.ca };
  const commands = connectRedis(options.redis.address, 'commands', ca);
  const blocking = connectRedis(options.redis.address, 'queue', ca);
  health.follow(commands);
  blocking.on('error', (error: Error) => health.failed(error));
  const ledger = new RedisLedger(commands, instance, clock);
  const queue = new BullmqRunQueue(commands, prefix, clock, (error) => health.failed(error));
  const clouds = new BuiltClouds({ policies, clock, telemetry, random: Math.random, version, redis: commands, env: options.env, dumpsCalls: options.dumpsCalls ?? false });

  const isScheduler = options.role !== 'worker';
  const isWorker = options.role !== 'scheduler';
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  const runtimes: TargetRuntime[] = [];
  let hasRedis = false;

  /** A BullMQ queue that was opened while Redis is away stays unusable when it comes (seen on 6.7.0). */
  async function depths(): Promise<readonly QueueDepth[]> {
    return hasRedis ? Promise.all(policies.current().targets.map(async ({ name }) => ({ target: name, ...(await queue.depth(name)) }))) : [];
  }

  const gauges = statusGauges(registry, {
    policies: () => measurePolicies({ ledger, policies, since: () => instant(loadedAtSeconds * 1000) }),
    queues: async () => (await depths()).map(({ target, ...states }) => ({ target, states })),
    tokens: () => clouds.tokens(),
    config: () => ({ successful: true, loadedAtSeconds }),
    build: () => ({ version, revision: process.env['SNAPKEEP_REVISION'] ?? 'unknown' }),
  });
  const board = new RedisSurveyBoard(commands, instance);
  const volumes = volumeMetrics(registry, { ledger, policies, board, telemetry }, options.volumeMetrics ?? false);
  const server = createServer({
    readiness: {
      redis: async () => ((await commands.ping()) === 'PONG' ? null : 'no answer'),
      config: () => null,
      ...(isWorker ? { worker: () => workerProblem(runtimes, policies.current().targets.length) } : {}),
    },
    metrics: async () => {
      await Promise.all([gauges.refresh(), volumes.refresh()]);
      return { contentType: registry.contentType, text: await writeMetrics(registry) };
    },
    api: { ledger, policies, queues: depths, actions: null, now: () => clock.now() },
    adminToken: adminTokenIn(options.adminTokenFile ?? null),
    board: async () => (hasRedis ? queue.board(policies.current().targets.map(({ name }) => name), BOARD_PATH) : null),
    onError: (method, route, error) => telemetry.emit('http.failed', { method, route, errorMessage: error.message }),
    version,
  });
  const url = await server.listen({ host: options.host, port: options.port }).catch((error: unknown) => {
    blocking.disconnect();
    commands.disconnect();
    throw error;
  });

  async function start(): Promise<void> {
    await untilRedisAnswers(commands, stopping.signal);
    if (stopping.signal.aborted) return;
    hasRedis = true;
    checkStore(telemetry, await readStoreFacts(commands));
    const onQueueError = (error: Error): void => health.failed(error);
    const toTell = { ledger, policies, clock, telemetry, random: Math.random, replica, version, env: options.env, commands, blocking, prefix };
    notifications = new NotificationRuntime({ ...toTell, delivers: isWorker, onQueueError });
    if (isWorker) {
      for (const target of policies.current().targets) {
        await queue.limitConcurrency(target.name, target.limits.concurrentCreates);
        const deps = { ledger, queue, policies, clouds, clock, telemetry, random: Math.random, replica, redis: blocking, prefix };
        runtimes.push(new TargetRuntime({ ...deps, onQueueError, traces }, target));
      }
    }
    if (isScheduler) {
      const owned = new OwnedSnapshots({ clouds, clock });
      const scheduler = new Scheduler({ ledger, queue, policies, clouds, clock, telemetry, replica, owned, remembered: new Map(), firstSeen: new Map() });
      const requests = new FiringRequests({ ledger, queue, policies, clouds, clock, telemetry, replica });
      const survey = new VolumeSurvey({ ledger, board, policies, clouds, clock, telemetry, replica });
      loops.push(
        supervise({ clock, telemetry }, 'survey', (signal) => survey.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'requests', (signal) => requests.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'scheduler', (signal) => scheduler.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'store', (signal) => watchStore({ ledger, clock }, () => storeLost(scheduler), signal), stopping.signal),
      );
    }
    const durationMs = Math.round(performance.now() - startedAt);
    const redis = describeRedis(options.redis.address);
    telemetry.emit('service.started', { version, role: options.role, instance, redis, url, durationMs, timezoneData: process.versions['tz'] ?? 'unknown' });
  }

  /** The limits went with everything else; what is under way is found again by looking at all policies. */
  function storeLost(scheduler: Scheduler): void {
    scheduler.policiesChanged();
    const limits = policies.current().targets.map((target) => queue.limitConcurrency(target.name, target.limits.concurrentCreates));
    Promise.all(limits).catch((error: unknown) => health.failed(error instanceof Error ? error : new Error(String(error))));
  }

  const started = start();
  // Whoever awaits it sees the failure; nobody has to.
  started.catch(() => undefined);

  async function stop(drainMs: number): Promise<boolean> {
    const stopAt = performance.now();
    const { active } = hasRedis ? await Promise.race([activeRuns(queue, policies), setTimeout(CLOSE_MS, { active: 0 })]) : { active: 0 };
    telemetry.emit('worker.draining', { active, drainMs });
    stopping.abort(new Error('stopping'));
    const drained = await Promise.all(runtimes.map((runtime) => runtime.close(drainMs)));
    await Promise.race([Promise.allSettled([...loops, started]), setTimeout(CLOSE_MS)]);
    await notifications?.close();
    await Promise.race([queue.close(), setTimeout(CLOSE_MS)]);
    await Promise.race([clouds.close(), setTimeout(CLOSE_MS)]);
    if (traces !== null) await Promise.race([traces.close(), setTimeout(CLOSE_MS)]);
    await server.close();
    blocking.disconnect();
    commands.disconnect();
    await options.redis.stop();
    const complete = drained.every(Boolean);
    telemetry.emit('service.stopped', { durationMs: Math.round(performance.now() - stopAt), complete });
    return complete;
  }

  return { url, ledger, queue, policies, clouds, started, stop };
}

function workerProblem(runtimes: readonly TargetRuntime[], targets: number): string | null {
  if (runtimes.length < targets) return 'not taking runs yet';
  const problems = runtimes.map((runtime) => runtime.problem()).filter((problem) => problem !== null);
  return problems.length === 0 ? null : problems.join('; ');
}

async function activeRuns(queue: BullmqRunQueue, policies: CurrentPolicies): Promise<{ active: number }> {
  const depths = await Promise.all(policies.current().targets.map(({ name }) => queue.depth(name)));
  return { active: depths.reduce((sum, { active }) => sum + active, 0) };
}

async function untilRedisAnswers(redis: { ping(): Promise<string> }, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await redis.ping();
      return;
    } catch {
      await setTimeout(500, undefined, { signal }).catch(() => undefined);
    }
  }
}
