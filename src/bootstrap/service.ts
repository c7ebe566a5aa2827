import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { checkStore } from '#app/check-store';
import { CurrentPolicies } from '#app/current-policies';
import { manualActions } from '#app/manual-actions';
import { measurePolicies } from '#app/measure-policies';
import { OwnedSnapshots } from '#app/owned-snapshots';
import { readPlan } from '#app/plan-preview';
import type { Actions } from '#app/ports/actions';
import type { PolicyFiles } from '#app/ports/policy-files';
import type { Telemetry } from '#app/ports/telemetry';
import { previewPrune } from '#app/preview-prune';
import { pruneNow } from '#app/prune/prune-now';
import type { Traces } from '#app/ports/traces';
import { FiringRequests } from '#app/firing-requests';
import type { QueueDepth } from '#app/views/overview-view';
import { PolicyReload } from '#app/reload-policies';
import { Scheduler } from '#app/scheduler';
import { supervise } from '#app/supervise';
import { VolumeSurvey } from '#app/survey-volumes';
import { watchStore } from '#app/watch-store';
import type { PolicySet } from '#domain/policy';
import type { PolicyChanges } from '#domain/policy-changes';
import type { Instant } from '#domain/time';
import { createServer } from '#server/http-server';
import { BOARD_PATH } from '#server/queue-board';
import { BullmqRunQueue } from '../adapters/bullmq/bullmq-run-queue.ts';
import { systemClock } from '../adapters/clock/system-clock.ts';
import { connectRedis } from '../adapters/redis/connect.ts';
import { describeRedis } from '../adapters/redis/redis-url.ts';
import { keyPrefix } from '../adapters/redis/keys.ts';
import { RedisLedger } from '../adapters/redis/redis-ledger.ts';
import { RedisPruneBook } from '../adapters/redis/redis-prune-book.ts';
import { RedisSurveyBoard } from '../adapters/redis/redis-survey-board.ts';
import { readStoreFacts } from '../adapters/redis/store-facts.ts';
import { createRegistry, writeMetrics } from '../adapters/telemetry/registry.ts';
import { fanOut } from '../adapters/telemetry/fan-out.ts';
import { metricsTelemetry } from '../adapters/telemetry/metrics-telemetry.ts';
import { statusGauges } from '../adapters/telemetry/status-gauges.ts';
import { adminTokenIn } from './admin-token.ts';
import { BuiltClouds } from './build-clouds.ts';
import { GoneSeries } from './gone-series.ts';
import { NotificationRuntime } from './notification-runtime.ts';
import type { OpenedRedis } from './open-redis.ts';
import { RedisHealth } from './redis-health.ts';
import { TargetRuntimes } from './target-runtimes.ts';
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
  /** Where `set` comes from and the digest it was read with; absent: it stays in force. */
  readonly policyFiles?: { readonly files: PolicyFiles; readonly digest: string };
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
  const policies = new CurrentPolicies(options.set);
  const goneSeries = new GoneSeries({ registry, policies, clock });
  const loadedAt = clock.now();
  const watched = options.policyFiles;
  const reload = watched === undefined ? null : new PolicyReload({ files: watched.files, policies, clock, telemetry, changed: policiesChanged }, { digest: watched.digest, loadedAt });
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
  const book = new RedisPruneBook(commands, instance);
  const queue = new BullmqRunQueue(commands, prefix, clock, (error) => health.failed(error));
  const clouds = new BuiltClouds({ policies, clock, telemetry, random: Math.random, version, redis: commands, env: options.env, dumpsCalls: options.dumpsCalls ?? false });

  const isScheduler = options.role !== 'worker';
  const isWorker = options.role !== 'scheduler';
  const stopping = new AbortController();
  const loops: Promise<void>[] = [];
  let targets: TargetRuntimes | null = null;
  let scheduler: Scheduler | null = null;
  let hasRedis = false;

  /** A BullMQ queue that was opened while Redis is away stays unusable when it comes (seen on 6.7.0). */
  async function depths(): Promise<readonly QueueDepth[]> {
    return hasRedis ? Promise.all(policies.current().targets.map(async ({ name }) => ({ target: name, ...(await queue.depth(name)) }))) : [];
  }

  function config(): { successful: boolean; loadedAt: Instant } {
    return reload?.state() ?? { successful: true, loadedAt };
  }

  async function queuedRuns(target: string): Promise<number> {
    const { waiting, delayed, active } = await queue.depth(target);
    return waiting + delayed + active;
  }

  const pruning = { ledger, book, policies, clouds, clock, telemetry };
  const prune: Actions['prune'] = async (policy, { dryRun, confirm }) => (dryRun ? previewPrune(pruning, { policy }) : pruneNow(pruning, { policy, confirm }, stopping.signal));

  const gauges = statusGauges(registry, {
    policies: () => measurePolicies({ ledger, policies, since: () => config().loadedAt }),
    queues: async () => (await depths()).map(({ target, ...states }) => ({ target, states })),
    tokens: () => clouds.tokens(),
    config: () => ({ successful: config().successful, loadedAtSeconds: config().loadedAt / 1000 }),
    build: () => ({ version, revision: process.env['SNAPKEEP_REVISION'] ?? 'unknown' }),
  });
  const board = new RedisSurveyBoard(commands, instance);
  const volumes = volumeMetrics(registry, { ledger, policies, board, telemetry }, options.volumeMetrics ?? false);
  const server = createServer({
    readiness: {
      redis: async () => ((await commands.ping()) === 'PONG' ? null : 'no answer'),
      config: () => null,
      ...(isWorker ? { worker: () => (targets === null ? 'not taking runs yet' : targets.problem()) } : {}),
    },
    metrics: async () => {
      await goneSeries.sweep();
      await Promise.all([gauges.refresh(), volumes.refresh()]);
      return { contentType: registry.contentType, text: await writeMetrics(registry) };
    },
    api: { ledger, book, policies, queues: depths, actions: manualActions({ ledger, policies }, { prune, plan: (query) => readPlan(pruning, query) }), now: () => clock.now() },
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
  if (reload !== null) loops.push(supervise({ clock, telemetry }, 'policy files', (signal) => reload.run(signal), stopping.signal));

  async function start(): Promise<void> {
    await untilRedisAnswers(commands, stopping.signal);
    if (stopping.signal.aborted) return;
    hasRedis = true;
    checkStore(telemetry, await readStoreFacts(commands));
    const onQueueError = (error: Error): void => health.failed(error);
    const toTell = { ledger, policies, clock, telemetry, random: Math.random, replica, version, env: options.env, commands, blocking, prefix };
    notifications = new NotificationRuntime({ ...toTell, delivers: isWorker, onQueueError });
    if (isWorker) {
      const deps = { ledger, book, queue, policies, clouds, clock, telemetry, random: Math.random, replica, redis: blocking, prefix, onQueueError, traces };
      const runtimes = new TargetRuntimes({ ...deps, limitConcurrency: (target, concurrency) => queue.limitConcurrency(target, concurrency), queued: queuedRuns });
      targets = runtimes;
      await runtimes.adjust();
      loops.push(supervise({ clock, telemetry }, 'targets', (signal) => runtimes.run(signal), stopping.signal));
    }
    if (isScheduler) {
      const owned = new OwnedSnapshots({ clouds, clock });
      const planner = new Scheduler({ ledger, queue, policies, clouds, clock, telemetry, replica, owned, remembered: new Map(), firstSeen: new Map() });
      scheduler = planner;
      const requests = new FiringRequests({ ledger, queue, policies, clouds, clock, telemetry, replica });
      const survey = new VolumeSurvey({ ledger, board, policies, clouds, clock, telemetry, replica });
      loops.push(
        supervise({ clock, telemetry }, 'survey', (signal) => survey.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'requests', (signal) => requests.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'scheduler', (signal) => planner.run(signal), stopping.signal),
        supervise({ clock, telemetry }, 'store', (signal) => watchStore({ ledger, clock }, () => storeLost(planner), signal), stopping.signal),
      );
    }
    const durationMs = Math.round(performance.now() - startedAt);
    const redis = describeRedis(options.redis.address);
    telemetry.emit('service.started', { version, role: options.role, instance, redis, url, durationMs, timezoneData: process.versions['tz'] ?? 'unknown' });
  }

  function policiesChanged(changes: PolicyChanges): void {
    goneSeries.policiesChanged(changes);
    targets?.policiesChanged();
    notifications?.policiesChanged();
    scheduler?.policiesChanged();
  }

  /** The limits went with everything else; what is under way is found again by looking at all policies. */
  function storeLost(planner: Scheduler): void {
    planner.policiesChanged();
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
    const complete = (await targets?.close(drainMs)) ?? true;
    await Promise.race([Promise.allSettled([...loops, started]), setTimeout(CLOSE_MS)]);
    await notifications?.close();
    await Promise.race([queue.close(), setTimeout(CLOSE_MS)]);
    await Promise.race([clouds.close(), setTimeout(CLOSE_MS)]);
    if (traces !== null) await Promise.race([traces.close(), setTimeout(CLOSE_MS)]);
    await server.close();
    blocking.disconnect();
    commands.disconnect();
    await options.redis.stop();
    telemetry.emit('service.stopped', { durationMs: Math.round(performance.now() - stopAt), complete });
    return complete;
  }

  return { url, ledger, queue, policies, clouds, started, stop };
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
