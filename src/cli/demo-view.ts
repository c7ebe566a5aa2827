import type { EventFields, EventName } from '#app/events';
import type { Telemetry } from '#app/ports/telemetry';
import { isoSeconds } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Io } from './io.ts';

export interface DemoSummary {
  readonly seconds: number;
  readonly firings: number;
  readonly runs: { readonly available: number; readonly failed: number; readonly skipped: number; readonly abandoned: number; readonly pending: number };
  readonly snapshotsCreated: number;
  readonly snapshotsPruned: number;
  readonly duplicates: number;
  readonly apiCalls: number;
  readonly url: string;
}

type Handlers = { readonly [N in EventName]?: (fields: EventFields[N]) => void };

const BAR = 24;

/** Tells the demo's course to whoever watches a terminal: a line for each firing and each trouble, a bar for what is under way. */
export class DemoView implements Telemetry {
  readonly #io: Io;
  readonly #colour: boolean;
  #bar = '';
  #total = 0;
  #ended = 0;
  readonly #handlers: Handlers;

  constructor(io: Io, colour: boolean, nameOf: (volumeId: string) => string) {
    this.#io = io;
    this.#colour = colour && io.isTty;
    this.#handlers = {
      'policy.due': ({ due, policy }) => this.#line(`${this.#time(due)} ${this.#paint(36, 'due')}        ${policy}`),
      'firing.planned': ({ due, volumes }) => {
        this.#total = volumes;
        this.#ended = 0;
        this.#line(`${this.#time(due)} ${this.#paint(36, 'queued')}     ${volumes} volumes, one job each`);
        this.#progress();
      },
      'run.ended': () => {
        this.#ended += 1;
        this.#progress();
      },
      'run.failed': ({ due, volumeId, httpStatus, errorCode, errorMessage, requestId }) =>
        this.#line(`${this.#time(due)} ${this.#paint(31, 'failed')}     ${nameOf(volumeId)} ${httpStatus ?? ''} ${errorCode ?? ''} ${errorMessage} ${this.#paint(2, `request ${requestId ?? '-'}`)}`),
      'run.skipped': ({ due, volumeId, reason }) => this.#line(`${this.#time(due)} ${this.#paint(33, 'skipped')}    ${nameOf(volumeId)} ${reason}`),
      'run.abandoned': ({ due, volumeId, reason }) => this.#line(`${this.#time(due)} ${this.#paint(31, 'abandoned')}  ${nameOf(volumeId)} ${reason}`),
      'snapshot.failed': ({ due, volumeId, errorMessage }) => this.#line(`${this.#time(due)} ${this.#paint(33, 'error')}      ${nameOf(volumeId)} ${errorMessage}; a new one is tried`),
      'snapshot.adopted': ({ due, volumeId }) => this.#line(`${this.#time(due)} ${this.#paint(33, 'adopted')}    ${nameOf(volumeId)}`),
      'firing.finished': ({ due, runs, durationMs }) => {
        const bad = [runs.failed > 0 ? `${runs.failed} failed` : '', runs.skipped > 0 ? `${runs.skipped} skipped` : '', runs.abandoned > 0 ? `${runs.abandoned} abandoned` : ''];
        const rest = bad.filter((part) => part !== '').join(', ');
        const took = `${(durationMs / 1000).toFixed(1)} s after the due time`;
        this.#bar = '';
        this.#line(`${this.#time(due)} ${this.#paint(32, 'finished')}   ${this.#paint(32, `${runs.available} available`)}${rest === '' ? '' : `, ${this.#paint(31, rest)}`}, ${took}`);
      },
      'loop.failed': ({ loop, errorMessage }) => this.#line(this.#paint(31, `trouble in ${loop}: ${errorMessage}`)),
      'redis.unavailable': ({ errorMessage }) => this.#line(this.#paint(31, `Redis: ${errorMessage}`)),
      'firing.plan_failed': ({ errorMessage }) => this.#line(this.#paint(31, `volumes could not be listed: ${errorMessage}`)),
      'auth.failed': ({ errorMessage }) => this.#line(this.#paint(31, `login refused: ${errorMessage}`)),
    };
  }

  emit<N extends EventName>(event: N, fields: EventFields[N]): void {
    (this.#handlers as { [E in EventName]?: (fields: EventFields[E]) => void })[event]?.(fields);
  }

  say(text: string): void {
    this.#line(text);
  }

  summary(summary: DemoSummary): void {
    const { runs } = summary;
    this.#line('');
    this.#line(this.#paint(1, `${summary.firings} ${summary.firings === 1 ? 'firing' : 'firings'} in ${summary.seconds} s`));
    this.#line(`  runs        ${runs.available} available, ${runs.failed} failed, ${runs.skipped} skipped, ${runs.abandoned} abandoned, ${runs.pending} pending`);
    this.#line(`  snapshots   ${summary.snapshotsCreated} good ones made, ${summary.snapshotsPruned} pruned, ${summary.duplicates} duplicates`);
    this.#line(`  API calls   ${summary.apiCalls}`);
  }

  #progress(): void {
    if (!this.#io.isTty || this.#total === 0) return;
    const filled = Math.round((this.#ended / this.#total) * BAR);
    const bar = `         ${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${this.#ended}/${this.#total}`;
    this.#bar = this.#ended >= this.#total ? '' : bar;
    this.#io.stdout.write(`\r\u001B[2K${bar}`);
  }

  #line(text: string): void {
    if (!this.#io.isTty) {
      this.#io.stdout.write(`${text}\n`);
      return;
    }
    this.#io.stdout.write(`\r\u001B[2K${text}\n${this.#bar}`);
  }

  #time(at: Instant): string {
    return this.#paint(2, isoSeconds(at).slice(11, 19));
  }

  #paint(code: number, text: string): string {
    return this.#colour ? `\u001B[${code}m${text}\u001B[0m` : text;
  }
}
