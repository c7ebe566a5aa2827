import { CurrentPolicies } from '#app/current-policies';
import { Notifier } from '#app/notify/notifier';
import type { FiringRecord } from '#app/ports/ledger';
import { firingIdOf, runIdIn } from '#domain/naming/run-id';
import type { NotificationTarget, Policy } from '#domain/policy';
import { ended, newRun } from '#domain/run';
import type { EndedOutcome } from '#domain/run';
import { instant } from '#domain/time';
import { BullmqNoticeQueue } from '../../src/adapters/bullmq/bullmq-notice-queue.ts';
import { systemClock } from '../../src/adapters/clock/system-clock.ts';
import { connectRedis } from '../../src/adapters/redis/connect.ts';
import type { RedisClient } from '../../src/adapters/redis/connect.ts';
import { keyPrefix } from '../../src/adapters/redis/keys.ts';
import { RedisLedger } from '../../src/adapters/redis/redis-ledger.ts';
import { RedisNoticeBoard } from '../../src/adapters/redis/redis-notice-board.ts';
import { parseRedisUrl } from '../../src/adapters/redis/redis-url.ts';
import { NotificationRuntime } from '../../src/bootstrap/notification-runtime.ts';
import { RecordingTelemetry } from '../fakes/recording-telemetry.ts';
import { policyOf } from '../fakes/world.ts';

export interface NotificationStage extends AsyncDisposable {
  readonly instance: string;
  readonly redis: RedisClient;
  readonly ledger: RedisLedger;
  readonly policies: CurrentPolicies;
  readonly telemetry: RecordingTelemetry;
  /** A process that queues notices, and makes the calls where `delivers`. */
  replica(options?: { delivers?: boolean }): NotificationRuntime;
  /** A process's part that looks into the record, to be driven by hand. */
  notifier(): Notifier;
  /** A firing of the policy whose runs have ended so, by volume; nobody but the record knows. */
  finish(runs: Readonly<Record<string, EndedOutcome>>, due?: number, policy?: string): Promise<FiringRecord>;
  /** A firing as `finish`, with one more run under way. */
  open(runs: Readonly<Record<string, EndedOutcome>>, due: number): Promise<FiringRecord>;
}

export function receiver(fields: Partial<NotificationTarget> = {}): NotificationTarget {
  return {
    name: 'ops',
    url: { env: 'NOTIFY_URL' },
    format: 'cloudevents',
    secret: null,
    events: ['run.failed', 'volume.overdue', 'volume.recovered', 'prune.braked', 'config.refused'],
    policies: ['*'],
    ...fields,
  };
}

let stages = 0;

/** The record of one instance on a real Redis, and processes that tell receivers of it. */
export async function notificationStage(options: {
  redisUrl: string;
  env: Readonly<Record<string, string>>;
  notifications?: readonly NotificationTarget[];
  policies?: readonly Policy[];
}): Promise<NotificationStage> {
  stages += 1;
  const instance = `notify-${stages}`;
  const prefix = keyPrefix(instance);
  const address = parseRedisUrl(options.redisUrl, null);
  const commands = connectRedis(address, 'commands');
  const blocking = connectRedis(address, 'queue');
  for (const client of [commands, blocking]) client.on('error', () => undefined);
  await Promise.all([commands.ping(), blocking.ping()]);
  const ledger = new RedisLedger(commands, instance, systemClock);
  const policies = new CurrentPolicies({ instance, targets: [], policies: options.policies ?? [policyOf()], notifications: options.notifications ?? [receiver()], revision: 's1' });
  const telemetry = new RecordingTelemetry();
  const errors: Error[] = [];
  const runtimes: NotificationRuntime[] = [];
  const queues: BullmqNoticeQueue[] = [];

  async function begin(runs: Readonly<Record<string, EndedOutcome>>, due: number, policy: string, isOpen: boolean): Promise<FiringRecord> {
    const at = instant(Math.floor(due / 1000) * 1000);
    const firing = await ledger.openFiring({ id: firingIdOf(instance, policy, at), policy, target: 'eu-prod', due: at, trigger: 'schedule', plannedAt: at });
    const volumes = [...Object.keys(runs), ...(isOpen ? ['under way'] : [])];
    const made = volumes.map((id) => newRun(runIdIn(firing.id, id), { id, name: `name of ${id}`, named: false }));
    await ledger.addRuns(firing, made);
    await ledger.closeFiring(firing);
    for (const run of made) {
      const outcome = runs[run.volumeId];
      if (outcome === undefined) continue;
      const failure = outcome === 'available' ? null : ({ kind: 'invalid', httpStatus: 400, code: 'EVS.5400', message: `no snapshot of ${run.volumeId}`, requestId: `req-${run.volumeId}` } as const);
      await ledger.endRun(firing, { ...ended(run, outcome, systemClock.now(), failure), outcome }, 1);
    }
    const stored = await ledger.firing(firing.id);
    if (stored === null) throw new Error('the firing is not recorded');
    return stored;
  }

  return {
    instance,
    redis: commands,
    ledger,
    policies,
    telemetry,
    replica({ delivers = true } = {}) {
      const runtime = new NotificationRuntime({
        ledger,
        policies,
        clock: systemClock,
        telemetry,
        random: () => 0,
        replica: `replica-${runtimes.length}`,
        version: '0.0.0',
        env: options.env,
        commands,
        blocking,
        prefix,
        delivers,
        onQueueError: (error) => void errors.push(error),
      });
      runtimes.push(runtime);
      return runtime;
    },
    notifier() {
      const queue = new BullmqNoticeQueue({ redis: commands, prefix, onError: (error) => void errors.push(error), onDropped: () => undefined });
      queues.push(queue);
      return new Notifier({ ledger, board: new RedisNoticeBoard(commands, instance), queue, policies, clock: systemClock, telemetry, replica: `by-hand-${queues.length}` });
    },
    finish: (runs, due = Date.now(), policy = 'nightly') => begin(runs, due, policy, false),
    open: (runs, due) => begin(runs, due, 'nightly', true),
    async [Symbol.asyncDispose]() {
      await Promise.all(runtimes.map((runtime) => runtime.close()));
      await Promise.all(queues.map((queue) => queue.close()));
      commands.disconnect();
      blocking.disconnect();
      if (errors.length > 0) throw new Error('the queue had errors', { cause: errors[0] });
    },
  };
}
