import { noticeId } from '#domain/notification/notice-id';
import { MAX_VOLUMES } from '#domain/notification/notice';
import type { Notice, OverdueVolumeFacts } from '#domain/notification/notice';
import { nextOverdueAt, overdueChanges } from '#domain/notification/overdue';
import type { ChangedVolume } from '#domain/notification/overdue';
import { receiversOf } from '#domain/notification/receivers';
import type { Policy } from '#domain/policy';
import { isOverdue, lagSeconds } from '#domain/rpo-lag';
import { MINUTE, addMs, instant } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Protection } from '../ports/ledger.ts';
import { readOverdue } from '../read-overdue.ts';
import { noticeJobs } from './notice-jobs.ts';
import type { NotifyDeps } from './notify-deps.ts';

/** A volume that is protected stays so until its objective has passed: nothing to see before, but for what was rebuilt or reset meanwhile. */
const LONGEST: DurationMs = (5 * MINUTE) as DurationMs;

/** While volumes are overdue, one may recover without a firing of its policy ending. */
const WHILE_OVERDUE: DurationMs = MINUTE;

/** Policies read side by side. */
const AT_ONCE = 50;

/**
 * Tells of volumes that became overdue, and of those that no longer are, in one notice each for a policy and look. A policy
 * is looked at when its next volume can become overdue, when one of its firings has ended, and every few minutes: with a
 * thousand policies that are well that is a few reads a second.
 */
export class OverdueTeller {
  readonly #deps: NotifyDeps;
  #nextLook = new Map<string, { readonly revision: string; readonly at: Instant }>();

  constructor(deps: NotifyDeps) {
    this.#deps = deps;
  }

  /** `ended`: policies to look at in any case. */
  async look(now: Instant, ended: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const { policies, notifications } = this.#deps.policies.current();
    const wanted = policies.filter(({ name }) => [...receiversOf(notifications, 'volume.overdue', name), ...receiversOf(notifications, 'volume.recovered', name)].length > 0);
    this.#nextLook = new Map(wanted.flatMap(({ name, revision }) => {
      const known = this.#nextLook.get(name);
      return known?.revision === revision && !ended.has(name) ? [[name, known]] : [];
    }));
    const due = wanted.filter(({ name }) => (this.#nextLook.get(name)?.at ?? now) <= now);
    for (let from = 0; from < due.length && !signal.aborted; from += AT_ONCE) {
      await Promise.all(due.slice(from, from + AT_ONCE).map((policy) => this.#lookAt(policy, now)));
    }
  }

  async #lookAt(policy: Policy, now: Instant): Promise<void> {
    const { ledger, board, queue, policies } = this.#deps;
    const [volumes, told] = await Promise.all([ledger.protections(policy.name), board.toldOverdue(policy.name)]);
    const changes = overdueChanges(volumes, told, policy.rpo, now);
    const stillOverdue = volumes.filter((volume) => isOverdue(volume, policy.rpo, now)).length;
    const notices: Notice[] = [];
    if (changes.overdue.length > 0) notices.push(await this.#overdueNotice(policy, changes.overdue, volumes, now));
    if (changes.recovered.length > 0) notices.push(this.#recoveredNotice(policy, changes.recovered, volumes, stillOverdue));

    // Queued before noted: cut off in between, the same notices are made again and carry the same ids.
    const jobs = notices.flatMap((notice) => noticeJobs(policies.current().notifications, notice));
    if (jobs.length > 0) await queue.enqueue(jobs);
    const add = changes.overdue.map(({ volumeId }) => volumeId);
    const remove = [...changes.recovered.map(({ volumeId }) => volumeId), ...changes.gone];
    if (add.length + remove.length > 0) await board.setTold(policy.name, { add, remove });

    const next = nextOverdueAt(volumes, policy.rpo, now) ?? Infinity;
    // A lag counts whole seconds: it is over the objective only with the next full one.
    const at = Math.min(next + 1_000, addMs(now, stillOverdue > 0 ? WHILE_OVERDUE : LONGEST));
    this.#nextLook.set(policy.name, { revision: policy.revision, at: instant(at) });
  }

  async #overdueNotice(policy: Policy, changed: readonly ChangedVolume[], volumes: readonly Protection[], now: Instant): Promise<Notice> {
    const { ledger } = this.#deps;
    const [last] = await ledger.firings(policy.name, 1);
    const overdue = await readOverdue({ ledger }, policy, volumes, last ?? null, now);
    const seen = new Map(overdue.map((volume) => [volume.id, volume]));
    const protection = new Map(volumes.map((volume) => [volume.volumeId, volume]));
    const facts = changed.slice(0, MAX_VOLUMES).flatMap(({ volumeId }): OverdueVolumeFacts[] => {
      const known = protection.get(volumeId);
      const shown = seen.get(volumeId);
      return known === undefined ? [] : [{ id: volumeId, name: shown?.name ?? null, lastGoodAt: known.lastGoodAt, lagSeconds: lagSeconds(known, now), reason: shown?.reason ?? null }];
    });
    return { ...this.#facts('volume.overdue', policy, changed), event: 'volume.overdue', rpo: policy.rpo, count: changed.length, volumes: facts };
  }

  #recoveredNotice(policy: Policy, changed: readonly ChangedVolume[], volumes: readonly Protection[], stillOverdue: number): Notice {
    const lastGood = new Map(volumes.map(({ volumeId, lastGoodAt }) => [volumeId, lastGoodAt]));
    const facts = changed.slice(0, MAX_VOLUMES).map(({ volumeId }) => ({ id: volumeId, lastGoodAt: lastGood.get(volumeId) ?? null }));
    return { ...this.#facts('volume.recovered', policy, changed), event: 'volume.recovered', count: changed.length, volumes: facts, stillOverdue };
  }

  #facts(event: string, { name, target }: Policy, changed: readonly ChangedVolume[]): { id: string; instance: string; at: Instant; policy: string; target: string } {
    const { instance } = this.#deps.policies.current();
    const id = noticeId([instance, event, name, changed.map(({ volumeId, since }) => [volumeId, since] as const)]);
    return { id, instance, at: instant(changed.reduce((latest, { since }) => Math.max(latest, since), 0)), policy: name, target };
  }
}
