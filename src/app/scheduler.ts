import type { Policy } from '#domain/policy';
import { fireTimesOf } from '#domain/schedule/fire-times';
import { HOUR, SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import { endGoneFirings } from './end-gone-firings.ts';
import { fireDueTimes } from './fire-due-times.ts';
import type { DueTime, SchedulerDeps } from './fire-due-times.ts';
import type { PolicyState } from './ports/ledger.ts';
import { Wakeable } from './wakeable.ts';

/** With nothing due the loop still looks this often. */
const LONGEST_SLEEP: DurationMs = HOUR;

/** A policy whose due time could not be dealt with is tried again after this. */
const FIRE_AGAIN: DurationMs = (10 * SECOND) as DurationMs;

/** So many policies are begun with in one turn of the event loop: reading a schedule for the first time takes its while. */
const STARTED_AT_ONCE = 100;

/** Firings of policies that are gone, but not certainly so, are looked at again after this. */
const END_GONE_AGAIN: DurationMs = (20 * SECOND) as DurationMs;

/**
 * The scheduler's loop: sleeps to the next due time of any policy and wakes early when the policies change. Policies do
 * not wait for each other: while one lists its volumes in a slow cloud, the others fire on time.
 */
export class Scheduler {
  readonly #deps: SchedulerDeps;
  readonly #wakeable = new Wakeable();
  /** When each policy has to be looked at next; absent is now. */
  #nextLook = new Map<string, Instant>();
  /** When to look next for firings whose policy or target is gone; null is now. */
  #endGoneAt: Instant | null = null;
  readonly #atWork = new Map<string, Promise<void>>();
  /** The store's process, and since when this scheduler knows it. */
  #store: { readonly id: string; readonly since: Instant } | null = null;

  constructor(deps: SchedulerDeps) {
    this.#deps = deps;
  }

  /** The policies have changed: look at all of them. */
  policiesChanged(): void {
    const { firstSeen, policies } = this.#deps;
    // One that comes back later is new then.
    for (const name of firstSeen.keys()) if (policies.policy(name) === null) firstSeen.delete(name);
    this.#nextLook = new Map();
    this.#endGoneAt = null;
    this.#wakeable.wake();
  }

  /** Runs until the signal; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    this.#nextLook = new Map();
    this.#endGoneAt = null;
    try {
      while (!signal.aborted) {
        const next = await this.#look(signal);
        await this.#wakeable.sleepUntil(this.#deps.clock, next, signal);
      }
    } finally {
      await Promise.allSettled(this.#atWork.values());
    }
  }

  /** Starts the work on every policy that has something to do; returns when the next look makes sense. */
  async #look(signal: AbortSignal): Promise<Instant> {
    const { clock, policies } = this.#deps;
    const local = clock.now();
    // Taken before anything is awaited: what is found out under policies that change meanwhile does not count.
    const looks = this.#nextLook;
    const due: Policy[] = [];
    let next = addMs(local, LONGEST_SLEEP);
    // Whatever changes from here on wakes the loop again.
    for (const policy of policies.current().policies) {
      const at = looks.get(policy.name) ?? local;
      if (at >= next || this.#atWork.has(policy.name)) continue;
      if (at > local) next = at;
      else due.push(policy);
    }
    // Changed policies are looked at all anew.
    for (let from = 0; from < due.length && looks === this.#nextLook; from += STARTED_AT_ONCE) {
      await this.#startAll(due.slice(from, from + STARTED_AT_ONCE), looks, signal);
    }
    const endGoneAt = await this.#endGone(local);
    return endGoneAt < next ? endGoneAt : next;
  }

  async #startAll(due: readonly Policy[], looks: Map<string, Instant>, signal: AbortSignal): Promise<void> {
    const { ledger } = this.#deps;
    const now = await ledger.now();
    const [states, paused] = await Promise.all([ledger.policyStates(due.map(({ name }) => name)), ledger.pausedPolicies()]);
    const storeId = await ledger.storeId();
    if (looks !== this.#nextLook) return;
    if (this.#store?.id !== storeId) this.#store = { id: storeId, since: now };
    for (const policy of due) this.#start(policy, states.get(policy.name) ?? null, { now, storeSince: this.#store.since, paused: paused.has(policy.name) }, looks, signal);
  }

  /** Returns when the next look makes sense. */
  async #endGone(local: Instant): Promise<Instant> {
    if (this.#endGoneAt === null || this.#endGoneAt <= local) {
      this.#endGoneAt = addMs(local, LONGEST_SLEEP);
      const left = await endGoneFirings(this.#deps, (name) => this.#atWork.has(name));
      // Null again: the policies have changed meanwhile.
      if (left > 0 && this.#endGoneAt !== null) this.#endGoneAt = addMs(local, END_GONE_AGAIN);
    }
    return this.#endGoneAt ?? local;
  }

  #start(policy: Policy, known: PolicyState | null, time: DueTime, looks: Map<string, Instant>, signal: AbortSignal): void {
    const local = this.#deps.clock.now();
    const work = fireDueTimes(this.#deps, policy, known, time, signal)
      .catch((error: unknown) => {
        if (!signal.aborted) {
          const errorMessage = error instanceof Error ? error.message : String(error);
          this.#deps.telemetry.emit('loop.failed', { loop: `policy ${policy.name}`, errorMessage, restartMs: FIRE_AGAIN });
        }
        return 'again' as const;
      })
      .then((result) => {
        this.#atWork.delete(policy.name);
        looks.set(policy.name, this.#lookAgainAt(policy, result, time.now, local));
        this.#wakeable.wake();
      });
    this.#atWork.set(policy.name, work);
  }

  #lookAgainAt(policy: Policy, result: 'done' | 'more' | 'again', now: Instant, local: Instant): Instant {
    if (result === 'more') return local;
    if (result === 'again') return addMs(this.#deps.clock.now(), FIRE_AGAIN);
    const next = fireTimesOf(policy.schedule).next(now);
    // Due times are on the store's clock, sleeps on this process's: `local` is when the store said `now`.
    return addMs(local, next === null ? LONGEST_SLEEP : next - now);
  }
}
