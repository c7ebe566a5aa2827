import { CurrentPolicies } from '#app/current-policies';
import { executeRun } from '#app/execute-run';
import { OwnedSnapshots } from '#app/owned-snapshots';
import { planFiring } from '#app/plan-firing';
import type { FiringRecord, Ledger } from '#app/ports/ledger';
import type { PruneBook } from '#app/ports/prune-book';
import type { RunQueue } from '#app/ports/run-queue';
import type { Clouds } from '#app/ports/clouds';
import { reconcile } from '#app/reconcile';
import type { SchedulerDeps } from '#app/fire-due-times';
import { watchSnapshots } from '#app/watch-snapshots';
import type { WatchDeps } from '#app/watched-run';
import type { Policy } from '#domain/policy';
import type { Run } from '#domain/run';
import { DAY, HOUR, MINUTE, SECOND, addMs, durationMs, instant } from '#domain/time';
import type { Instant } from '#domain/time';
import type { Target } from '#domain/target';
import { FakeCloud } from './fake-cloud.ts';
import { FakeLedger } from './fake-ledger.ts';
import { FakePruneBook } from './fake-prune-book.ts';
import { FakeRunQueue } from './fake-run-queue.ts';
import { ManualClock } from './manual-clock.ts';
import { RecordingTelemetry } from './recording-telemetry.ts';

export const TARGET = 'eu-prod';
export const DUE = at('2026-11-24T02:00:00Z');

export function at(iso: string): Instant {
  return instant(Date.parse(iso));
}

const target: Target = {
  name: TARGET,
  api: 'evs-v3',
  endpoint: 'https://evs.example',
  projectId: '0970dd9c1a0026a62fddc0038c52b5eb',
  auth: { type: 'token', token: { env: 'TOKEN' } },
  limits: { requestsPerSecond: null, concurrentCreates: 20, snapshotsPerVolume: 7 },
  caFile: null,
  timeout: durationMs(30 * SECOND),
};

export interface PolicyChanges extends Partial<Omit<Policy, 'schedule' | 'snapshot' | 'retry' | 'volumes'>> {
  readonly schedule?: Partial<Policy['schedule']>;
  readonly snapshot?: Partial<Policy['snapshot']>;
  readonly retry?: Partial<Policy['retry']>;
  readonly volumes?: Partial<Policy['volumes']>;
}

/** A policy over all volumes, every night at two. */
export function policyOf(name = 'nightly', { schedule, snapshot, retry, volumes, ...rest }: PolicyChanges = {}): Policy {
  return {
    name,
    target: TARGET,
    paused: false,
    schedule: { cron: ['0 2 * * *'], timezone: 'UTC', spread: durationMs(0), catchUp: 'latest', catchUpWindow: DAY, ...schedule },
    volumes: { ids: [], match: {}, exclude: null, ...volumes },
    snapshot: { name: '{policy}-{volume}-{due}', description: 'by {policy}', force: true, metadata: { team: 'payments' }, ...snapshot },
    retention: null,
    retry: { attempts: 3, backoff: { initial: durationMs(10 * SECOND), max: durationMs(10 * MINUTE) }, grace: durationMs(30 * SECOND), deadline: durationMs(4 * HOUR), ...retry },
    rpo: durationMs(26 * HOUR),
    heartbeat: null,
    revision: 'r1',
    ...rest,
  };
}

/** What a scheduler and a worker in one process need. */
export type WorldDeps = WatchDeps & SchedulerDeps;

/** Everything a replica needs, on fakes, with the drivers of a worker process as plain functions. */
export class World {
  readonly clock: ManualClock;
  ledger: FakeLedger;
  book = new FakePruneBook();
  queue: FakeRunQueue;
  readonly cloud: FakeCloud;
  readonly telemetry = new RecordingTelemetry();
  readonly policies: CurrentPolicies;
  readonly signal = new AbortController().signal;
  readonly accepted: string[] = [];

  constructor(options: { now?: string; policies?: readonly Policy[]; volumes?: readonly string[] } = {}) {
    this.clock = new ManualClock(options.now ?? '2026-11-24T02:00:00Z');
    this.ledger = new FakeLedger(this.clock);
    this.queue = new FakeRunQueue(this.clock);
    this.cloud = new FakeCloud(this.clock);
    this.policies = new CurrentPolicies({ instance: 'prod', targets: [target], policies: options.policies ?? [policyOf()], notifications: [], revision: 's1' });
    for (const id of options.volumes ?? ['vol-1']) this.cloud.addVolume(id);
  }

  /** Redis is empty. */
  loseStore(): void {
    this.ledger = new FakeLedger(this.clock);
    this.queue = new FakeRunQueue(this.clock);
    this.book = new FakePruneBook();
  }

  setPolicies(...policies: readonly Policy[]): void {
    this.policies.replace({ ...this.policies.current(), policies });
  }

  get policy(): Policy {
    const [first] = this.policies.current().policies;
    if (first === undefined) throw new Error('this world has no policy');
    return first;
  }

  /** The parts of a new process: the ports, some of them replaced by a wrapper, and nothing remembered. */
  deps(wrapped: { ledger?: Ledger; book?: PruneBook; queue?: RunQueue; clouds?: Clouds } = {}): WorldDeps {
    const { clock, ledger, book, queue, cloud, telemetry, policies } = this;
    return {
      ledger,
      book,
      queue,
      clouds: cloud,
      clock,
      telemetry,
      policies,
      random: () => 0.5,
      accepted: (name) => void this.accepted.push(name),
      replica: 'replica-1',
      owned: new OwnedSnapshots({ clouds: wrapped.clouds ?? cloud, clock }),
      remembered: new Map(),
      firstSeen: new Map(),
      ...wrapped,
    };
  }

  async plan(due: Instant = DUE, policy: Policy = this.policy, deps: WorldDeps = this.deps()): Promise<FiringRecord> {
    return planFiring(deps, policy, { due, trigger: 'schedule', signal: this.signal });
  }

  /** Hands out what is due now, once each. */
  async work(deps: WorldDeps = this.deps()): Promise<void> {
    while (await this.queue.step((runId, signal) => executeRun(deps, runId, signal)));
  }

  async watch(deps: WorldDeps = this.deps()): Promise<number> {
    return (await watchSnapshots(deps, TARGET, this.signal)).left;
  }

  /** Works, watches and reconciles like a process does, until nothing is left to do or `limitMs` has passed. */
  async finish(deps: WorldDeps = this.deps(), limitMs = 6 * HOUR): Promise<void> {
    const until = addMs(this.clock.now(), limitMs);
    while (this.clock.now() < until) {
      await this.work(deps);
      const left = await this.watch(deps);
      await reconcile(deps, TARGET);
      const next = this.queue.nextAt;
      if (left === 0 && next === null) return;
      const soon = left > 0 ? addMs(this.clock.now(), 10 * SECOND) : until;
      await this.clock.advanceTo(Math.max(this.clock.now() + 1, Math.min(until, next ?? until, soon)));
    }
  }

  /** All runs there are, newest due time first. */
  async runs(): Promise<readonly Run[]> {
    return (await this.ledger.runs({ limit: 10_000 })).runs.map(({ run }) => run);
  }

  /** The only run there is. */
  async onlyRun(): Promise<Run> {
    const runs = await this.runs();
    const [run] = runs;
    if (run === undefined || runs.length > 1) throw new Error(`there are ${runs.length} runs`);
    return run;
  }
}
