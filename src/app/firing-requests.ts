import { CloudFailure } from '#domain/failure/failure';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { failureFields } from './failure-fields.ts';
import { finishedFiring } from './finish-firing.ts';
import { isGone } from './gone-policy.ts';
import type { FiringRecord, FiringRequest } from './ports/ledger.ts';
import { planFiring } from './plan-firing.ts';
import type { PlanDeps } from './plan-firing.ts';

const EVERY: DurationMs = SECOND;

/** A firing that could not be planned is tried again after this. */
const PLAN_AGAIN: DurationMs = (10 * SECOND) as DurationMs;

/** How long one replica is left alone with a firing; only saves work. */
const PLANNING_LEASE: DurationMs = (30 * SECOND) as DurationMs;

export interface RequestsDeps extends PlanDeps {
  /** Identity of this process among the replicas. */
  readonly replica: string;
}

/** Plans the firings that somebody asked for. Safe on several replicas at once, as planning is; one firing waits for no other. */
export class FiringRequests {
  readonly #deps: RequestsDeps;
  readonly #atWork = new Map<string, Promise<void>>();
  readonly #notBefore = new Map<string, Instant>();
  readonly #told = new Set<string>();

  constructor(deps: RequestsDeps) {
    this.#deps = deps;
  }

  /** Runs until the signal; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    try {
      while (!signal.aborted) {
        await this.look(signal);
        await clock.sleepUntil(addMs(clock.now(), EVERY), signal);
      }
    } finally {
      await Promise.allSettled(this.#atWork.values());
    }
  }

  /** Starts the planning of what was asked for since the last look. */
  async look(signal: AbortSignal): Promise<void> {
    const now = this.#deps.clock.now();
    for (const request of await this.#deps.ledger.requestedFirings()) {
      const { firingId } = request;
      if (this.#atWork.has(firingId) || (this.#notBefore.get(firingId) ?? now) > now) continue;
      const work = this.#planAlone(request, signal)
        .catch((error: unknown) => {
          if (signal.aborted) return;
          const errorMessage = error instanceof Error ? error.message : String(error);
          this.#notBefore.set(firingId, addMs(this.#deps.clock.now(), PLAN_AGAIN));
          this.#deps.telemetry.emit('loop.failed', { loop: `firing ${firingId}`, errorMessage, restartMs: PLAN_AGAIN });
        })
        .finally(() => this.#atWork.delete(firingId));
      this.#atWork.set(firingId, work);
    }
  }

  async #planAlone(request: FiringRequest, signal: AbortSignal): Promise<void> {
    const { ledger, replica } = this.#deps;
    const lease = `request:${request.firingId}`;
    if (!(await ledger.acquireLease(lease, replica, PLANNING_LEASE))) return;
    try {
      await this.#plan(request, signal);
    } finally {
      await ledger.releaseLease(lease, replica);
    }
  }

  async #plan({ firingId, only }: FiringRequest, signal: AbortSignal): Promise<void> {
    const { ledger, policies, telemetry } = this.#deps;
    const firing = await ledger.firing(firingId);
    if (firing === null || firing.total !== null) return ledger.forgetRequest(firingId);
    const { due, trigger, target } = firing;
    const policy = policies.policy(firing.policy);
    if (policy === null) return isGone(this.#deps, firing) ? this.#giveUp(firing) : undefined;
    if (!this.#told.has(firingId)) telemetry.emit('policy.due', { policy: policy.name, target, due, trigger, lagMs: Math.max(0, this.#deps.clock.now() - due) });
    this.#told.add(firingId);
    try {
      await planFiring(this.#deps, policy, { due, trigger, signal, isTold: true, ...(only === null ? {} : { only: new Set(only) }) });
    } catch (error) {
      if (!(error instanceof CloudFailure)) throw error;
      this.#notBefore.set(firingId, addMs(this.#deps.clock.now(), PLAN_AGAIN));
      telemetry.emit('firing.plan_failed', { policy: policy.name, target, due, ...failureFields(error) });
      return;
    }
    await ledger.forgetRequest(firingId);
    this.#notBefore.delete(firingId);
    this.#told.delete(firingId);
  }

  /** The policy is gone: there is nothing to run, and the firing ends with no run. */
  async #giveUp(firing: FiringRecord): Promise<void> {
    const closed = await this.#deps.ledger.closeFiring(firing);
    if (closed.finishedAt !== null) finishedFiring(this.#deps, closed);
    await this.#deps.ledger.forgetRequest(firing.id);
  }
}
