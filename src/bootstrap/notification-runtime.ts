import { setTimeout } from 'node:timers/promises';
import { deliverNotice } from '#app/notify/deliver-notice';
import { Notifier } from '#app/notify/notifier';
import type { EventFields, EventName } from '#app/events';
import type { Clock } from '#app/ports/clock';
import type { Ledger } from '#app/ports/ledger';
import type { Policies } from '#app/ports/policies';
import type { Telemetry } from '#app/ports/telemetry';
import { supervise } from '#app/supervise';
import type { PolicySet } from '#domain/policy';
import { BullmqNoticeQueue } from '../adapters/bullmq/bullmq-notice-queue.ts';
import { BullmqNoticeWorker } from '../adapters/bullmq/bullmq-notice-worker.ts';
import { createCourier } from '../adapters/http-client/courier.ts';
import { createSecretSource } from '../adapters/iam/secret-source.ts';
import type { RedisClient } from '../adapters/redis/connect.ts';
import { RedisNoticeBoard } from '../adapters/redis/redis-notice-board.ts';

/** How long calls under way may go on when the process ends; what is cut off is made again by another. */
const DRAIN_MS = 2_000;

export interface NotificationRuntimeDeps {
  readonly ledger: Ledger;
  readonly policies: Policies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly random: () => number;
  readonly replica: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly commands: RedisClient;
  readonly blocking: RedisClient;
  readonly prefix: string;
  /** Whether this process makes the calls; others only queue them. */
  readonly delivers: boolean;
  readonly onQueueError: (error: Error) => void;
}

interface Running {
  readonly notifier: Notifier;
  readonly stop: AbortController;
  readonly loops: readonly Promise<void>[];
  close(): Promise<void>;
}

/**
 * Everything a process runs for notifications and heartbeats; nothing while no policy file asks for any. To be made once
 * Redis answers: a BullMQ queue opened before stays unusable.
 */
export class NotificationRuntime {
  readonly #deps: NotificationRuntimeDeps;
  #running: Running | null = null;
  #isClosed = false;

  constructor(deps: NotificationRuntimeDeps) {
    this.#deps = deps;
    this.policiesChanged();
  }

  /** To be called after other policies came into force. */
  policiesChanged(): void {
    if (this.#running === null && !this.#isClosed && asksForAny(this.#deps.policies.current())) this.#running = start(this.#deps);
  }

  /** What happens in this process, as the telemetry port tells it: the end of a firing is looked at at once. */
  told<N extends EventName>(event: N, fields: EventFields[N]): void {
    if (event === 'firing.finished') this.#running?.notifier.wake();
    if (event === 'config.refused') this.#running?.notifier.configRefused(fields as EventFields['config.refused']);
    if (event === 'prune.braked') this.#running?.notifier.pruneBraked(fields as EventFields['prune.braked']);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const running = this.#running;
    if (running === null) return;
    running.stop.abort(new Error('stopping'));
    await running.close();
  }
}

function asksForAny({ notifications, policies }: PolicySet): boolean {
  return notifications.length > 0 || policies.some(({ heartbeat }) => heartbeat !== null);
}

function start(deps: NotificationRuntimeDeps): Running {
  const { ledger, policies, clock, telemetry, replica, prefix, random } = deps;
  const stop = new AbortController();
  const queue = new BullmqNoticeQueue({
    redis: deps.commands,
    prefix,
    onError: deps.onQueueError,
    onDropped: ({ to, about, policy }) => telemetry.emit('notification.dropped', { receiver: to.kind === 'receiver' ? to.name : 'heartbeat', about, policy }),
  });
  const board = new RedisNoticeBoard(deps.commands, policies.current().instance);
  const notifier = new Notifier({ ledger, board, queue, policies, clock, telemetry, replica });
  const loops = [supervise({ clock, telemetry }, 'notifier', (signal) => notifier.run(signal), stop.signal)];
  const closing: (() => Promise<unknown>)[] = [];
  if (deps.delivers) {
    const courier = createCourier({ version: deps.version });
    const secrets = createSecretSource({ env: deps.env });
    const deliverDeps = { policies, secrets, courier, clock, telemetry, random };
    const worker = new BullmqNoticeWorker({
      redis: deps.blocking,
      prefix,
      deliver: (job, attempt, signal) => deliverNotice(deliverDeps, job, attempt, signal),
      onError: deps.onQueueError,
      onBroken: (attempt, { message }) =>
        telemetry.emit('notification.failed', { receiver: 'unknown', about: 'unknown', policy: null, host: null, httpStatus: null, attempt, errorMessage: message }),
    });
    loops.push(supervise({ clock, telemetry }, 'notifications', () => worker.run(), stop.signal));
    closing.push(() => worker.close(DRAIN_MS), () => courier.close());
  }
  return {
    notifier,
    stop,
    loops,
    async close() {
      const [first, ...rest] = closing;
      await Promise.race([Promise.all([Promise.allSettled(loops), first?.()]), setTimeout(2 * DRAIN_MS + 1_000, undefined, { ref: false })]);
      await Promise.race([Promise.allSettled([...rest.map((each) => each()), queue.close()]), setTimeout(DRAIN_MS, undefined, { ref: false })]);
    },
  };
}
