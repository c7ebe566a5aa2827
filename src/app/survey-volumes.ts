import { CloudFailure } from '#domain/failure/failure';
import type { Policy } from '#domain/policy';
import { selectsVolume } from '#domain/selection';
import { HOUR, MINUTE, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { Volume } from '#domain/volume';
import { failureFields } from './failure-fields.ts';
import type { Clock } from './ports/clock.ts';
import type { Clouds } from './ports/clouds.ts';
import type { Ledger } from './ports/ledger.ts';
import type { Policies } from './ports/policies.ts';
import type { Survey, SurveyBoard } from './ports/survey-board.ts';
import type { Telemetry } from './ports/telemetry.ts';

export interface SurveyDeps {
  readonly ledger: Ledger;
  readonly board: SurveyBoard;
  readonly policies: Policies;
  readonly clouds: Clouds;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Identity of this process among the replicas. */
  readonly replica: string;
}

const CHECK: DurationMs = MINUTE;
const EVERY: DurationMs = HOUR;

/** After a listing that failed. */
const AGAIN: DurationMs = (10 * MINUTE) as DurationMs;

/** How long one replica is left alone with a target. */
const LEASE: DurationMs = (10 * MINUTE) as DurationMs;

const EXAMPLES = 20;

/** A survey older than this tells nothing of today. */
export const SURVEY_STALE: DurationMs = (3 * HOUR) as DurationMs;

/**
 * Finds the volumes that no policy matches. One pass lists all volumes of a target once, after any wait for the calls that
 * runs need, every hour and after the policies have changed; one replica does so for all. A volume that a policy excludes is
 * not matched by it, and one of a paused policy is.
 */
export class VolumeSurvey {
  readonly #deps: SurveyDeps;
  readonly #notBefore = new Map<string, Instant>();

  constructor(deps: SurveyDeps) {
    this.#deps = deps;
  }

  /** Looks every minute until the signal, the first time after one; throws where the store is away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    for (;;) {
      await clock.sleepUntil(addMs(clock.now(), CHECK), signal);
      if (signal.aborted) return;
      await this.look(signal);
    }
  }

  /** Surveys the targets whose turn it is, and forgets those that are gone. */
  async look(signal: AbortSignal): Promise<void> {
    const { ledger, board, policies, clock } = this.#deps;
    const known = await board.read();
    const gone = [...known.keys()].filter((name) => policies.target(name) === null);
    if (gone.length > 0) await board.forget(gone);
    const now = await ledger.now();
    for (const { name } of policies.current().targets) {
      if (signal.aborted) return;
      if (!this.#isDue(known.get(name), now) || clock.now() < (this.#notBefore.get(name) ?? 0)) continue;
      const lease = `survey:${name}`;
      if (!(await ledger.acquireLease(lease, this.#deps.replica, LEASE))) continue;
      // Another replica may just have done it.
      if (this.#isDue((await board.read()).get(name), now)) await this.#survey(name, signal);
      await ledger.releaseLease(lease, this.#deps.replica);
    }
  }

  #isDue(last: Survey | undefined, now: Instant): boolean {
    return last === undefined || last.revision !== this.#deps.policies.current().revision || now >= addMs(last.at, EVERY);
  }

  async #survey(target: string, signal: AbortSignal): Promise<void> {
    const { ledger, board, policies, clouds, clock, telemetry } = this.#deps;
    const set = policies.current();
    const of = set.policies.filter((policy) => policy.target === target);
    const found: Volume[] = [];
    let volumes = 0;
    try {
      for await (const page of clouds.of(target).volumePages({ withTags: of.some(asksForTags) }, { signal, priority: 'prune' })) {
        volumes += page.length;
        found.push(...page.filter((volume) => !of.some((policy) => selectsVolume(policy.volumes, volume))));
      }
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof CloudFailure)) throw error;
      this.#notBefore.set(target, addMs(clock.now(), AGAIN));
      telemetry.emit('target.survey_failed', { target, ...failureFields(error) });
      return;
    }
    const examples = found.slice(0, EXAMPLES).map(({ id, name }) => ({ id, name }));
    await board.write(target, { at: await ledger.now(), revision: set.revision, volumes, unprotected: found.length, examples });
    if (found.length > 0) telemetry.emit('target.unprotected', { target, volumes: found.length, of: volumes, examples: examples.map(({ id, name }) => name ?? id) });
  }
}

function asksForTags({ volumes }: Policy): boolean {
  return volumes.match?.tags !== undefined || volumes.exclude?.tags !== undefined;
}

/** How many volumes of each target no policy matches, as far as that is known of today: the same on every replica. */
export async function readUnprotected(deps: Pick<SurveyDeps, 'ledger' | 'board' | 'policies'>): Promise<readonly { target: string; volumes: number }[]> {
  const [surveys, now] = await Promise.all([deps.board.read(), deps.ledger.now()]);
  const isOfToday = (survey: Survey): boolean => now <= addMs(survey.at, SURVEY_STALE);
  return deps.policies.current().targets.flatMap(({ name }) => {
    const survey = surveys.get(name);
    return survey === undefined || !isOfToday(survey) ? [] : [{ target: name, volumes: survey.unprotected }];
  });
}
