import type { Notice } from '#domain/notification/notice';
import { configRefusedNotice, pruneBrakedNotice } from '#domain/notification/other-notices';
import type { Brake } from '#domain/notification/other-notices';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs } from '#domain/time';
import { Wakeable } from '../wakeable.ts';
import { noticeJobs } from './notice-jobs.ts';
import type { NotifyDeps } from './notify-deps.ts';
import { EarlyTeller } from './tell-early.ts';
import { tellEnded } from './tell-ended.ts';
import { OverdueTeller } from './tell-overdue.ts';

const EVERY: DurationMs = (10 * SECOND) as DurationMs;

/** Longer than two looks: a replica that dies is replaced within this. */
const LEASE: DurationMs = (25 * SECOND) as DurationMs;
const LEASE_NAME = 'notify';

/** Notices of this process that Redis has not taken yet; beyond these the oldest are dropped. */
const MAX_PENDING = 100;

/**
 * Turns what the shared record says into calls to receivers. The record is the source, never what this process has seen: a
 * firing is on the list of ended ones from the step that ended it until its calls are queued, and which volumes were told
 * as overdue is kept beside it. One replica does so for all; the lease saves work, two at once would queue the same ids.
 */
export class Notifier {
  readonly #deps: NotifyDeps;
  readonly #wakeable = new Wakeable();
  readonly #early: EarlyTeller;
  readonly #overdue: OverdueTeller;
  #pending: Notice[] = [];

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
    this.#early = new EarlyTeller(deps);
    this.#overdue = new OverdueTeller(deps);
  }

  /** Something may be new in the record: look now. */
  wake(): void {
    this.#wakeable.wake();
  }

  /** Policy files were refused. Kept in this process until it is queued. */
  configRefused(refused: { readonly problems: number; readonly errorMessage: string }): void {
    this.#tell(configRefusedNotice(this.#deps.policies.current().instance, refused, this.#deps.clock.now()));
  }

  /** A prune was stopped. Kept in this process until it is queued. */
  pruneBraked(brake: Brake): void {
    this.#tell(pruneBrakedNotice(this.#deps.policies.current().instance, brake, this.#deps.clock.now()));
  }

  /** Looks until the signal; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, ledger, replica } = this.#deps;
    while (!signal.aborted) {
      await this.#queuePending();
      if (await ledger.acquireLease(LEASE_NAME, replica, LEASE)) await this.look(signal);
      await this.#wakeable.sleepUntil(clock, addMs(clock.now(), EVERY), signal);
    }
    await this.#queuePending();
    await ledger.releaseLease(LEASE_NAME, replica);
  }

  /** One look at everything, without the lease. */
  async look(signal: AbortSignal): Promise<void> {
    const now = await this.#deps.ledger.now();
    const ended = await tellEnded(this.#deps, now, signal);
    await this.#early.look(now);
    await this.#overdue.look(now, ended, signal);
  }

  #tell(notice: Notice): void {
    this.#pending = [...this.#pending, notice].slice(-MAX_PENDING);
    this.wake();
  }

  async #queuePending(): Promise<void> {
    for (let notice = this.#pending[0]; notice !== undefined; notice = this.#pending[0]) {
      const jobs = noticeJobs(this.#deps.policies.current().notifications, notice);
      if (jobs.length > 0) await this.#deps.queue.enqueue(jobs);
      const done = notice;
      this.#pending = this.#pending.filter((each) => each !== done);
    }
  }
}
