import { policyChanges } from '#domain/policy-changes';
import type { PolicyChanges } from '#domain/policy-changes';
import { SECOND, addMs } from '#domain/time';
import type { DurationMs, Instant } from '#domain/time';
import type { CurrentPolicies } from './current-policies.ts';
import type { Clock } from './ports/clock.ts';
import type { PolicyFiles, PolicyReading } from './ports/policy-files.ts';
import type { Telemetry } from './ports/telemetry.ts';
import { problemsInLine } from './problems-in-line.ts';
import { reloadedFields } from './reloaded-fields.ts';

export interface ReloadDeps {
  readonly files: PolicyFiles;
  readonly policies: CurrentPolicies;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** Other policies are in force. */
  readonly changed: (changes: PolicyChanges) => void;
}

const EVERY: DurationMs = (2 * SECOND) as DurationMs;

/** Whoever writes a file in place is given so long to finish: new content counts once it is the same after this. */
const SETTLED_AFTER: DurationMs = (SECOND / 2) as DurationMs;

/** Files that change all the time are taken as they are after so many looks, or nothing of them would ever come into force. */
const LOOKS = 4;

/**
 * Brings the policy files of a running service into force when they change. A set with an error anywhere is refused whole
 * and told once, the last good one stays, and the service stays ready. What the files name no longer fires no more; runs
 * of it that have asked the cloud for a snapshot are finished, the others end as skipped.
 */
export class PolicyReload {
  readonly #deps: ReloadDeps;
  #inForce: string;
  #loadedAt: Instant;
  /** What the files held when they were last judged. */
  #judged: string;
  /** What was refused since the last good content. */
  readonly #refused = new Set<string>();

  /** `digest` is that of the reading in force, which came into force at `loadedAt`. */
  constructor(deps: ReloadDeps, { digest, loadedAt }: { digest: string; loadedAt: Instant }) {
    this.#deps = deps;
    this.#inForce = digest;
    this.#judged = digest;
    this.#loadedAt = loadedAt;
  }

  /** Whether the files hold what is in force, and since when that is. */
  state(): { readonly successful: boolean; readonly loadedAt: Instant } {
    return { successful: this.#judged === this.#inForce, loadedAt: this.#loadedAt };
  }

  /** Looks until the signal. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    while (!signal.aborted) {
      await clock.sleepUntil(addMs(clock.now(), EVERY), signal);
      if (!signal.aborted) await this.look(signal);
    }
  }

  /** One look at the files; returns once what they hold has been judged. */
  async look(signal: AbortSignal): Promise<void> {
    const reading = await this.#settled(signal);
    if (reading === null || signal.aborted) return;
    this.#judged = reading.digest;
    if (reading.digest === this.#inForce) this.#isBack();
    else this.#judge(reading);
  }

  /** New content that is no longer being written; null where there is none. */
  async #settled(signal: AbortSignal): Promise<PolicyReading | null> {
    const { clock, files } = this.#deps;
    let reading = await files.read(clock.now());
    for (let look = 1; look < LOOKS && reading !== null && reading.digest !== this.#judged; look += 1) {
      await clock.sleepUntil(addMs(clock.now(), SETTLED_AFTER), signal);
      const again = await files.read(clock.now());
      if (again === null || again.digest === reading.digest) return reading;
      reading = again;
    }
    return reading?.digest === this.#judged ? null : reading;
  }

  #judge(reading: PolicyReading): void {
    const { policies, clock, telemetry, changed } = this.#deps;
    const now = clock.now();
    const before = policies.current();
    const loaded = reading.load({ now, instance: before.instance });
    if (!loaded.ok) {
      if (this.#refused.has(reading.digest)) return;
      this.#refused.add(reading.digest);
      const errors = loaded.problems.filter(({ severity }) => severity === 'error');
      telemetry.emit('config.refused', { problems: errors.length, errorMessage: problemsInLine(errors) });
      return;
    }
    const changes = policyChanges(before, loaded.set);
    policies.replace(loaded.set);
    this.#inForce = reading.digest;
    this.#loadedAt = now;
    this.#refused.clear();
    telemetry.emit('config.reloaded', reloadedFields(before, loaded.set, changes, now));
    for (const { file, line, path, message } of loaded.warnings) telemetry.emit('config.warning', { file, line, path, errorMessage: message });
    changed(changes);
  }

  /** After content that was refused the files hold again what is in force: that is told, and nothing else has to be done. */
  #isBack(): void {
    this.#refused.clear();
    const set = this.#deps.policies.current();
    this.#deps.telemetry.emit('config.reloaded', reloadedFields(set, set, policyChanges(set, set), this.#deps.clock.now()));
  }
}
