import type { Actions } from '#app/ports/actions';
import type { PlanView } from '#app/views/plan-view';
import type { PruneView } from '#app/views/prune-view';
import { DUE } from './world.ts';

const PLAN: PlanView = {
  from: '2026-11-24T02:00:00Z',
  to: '2026-12-01T02:00:00Z',
  dueTimes: [{ policy: 'nightly', due: '2026-11-25T02:00:00Z', local: '2026-11-24T23:00:00-03:00', note: null }],
  policies: [
    {
      policy: 'nightly',
      target: 'eu-prod',
      nextDue: '2026-11-25T02:00:00Z',
      volumes: [{ id: 'vol-1', name: 'db-1', snapshotName: 'nightly-db-1', startsAt: '2026-11-25T02:00:12Z' }],
      prune: [{ snapshotId: 's1', volumeId: 'vol-1', createdAt: '2026-11-20T02:00:01.250Z', action: 'keep', reasons: ['daily 2026-11-20'] }],
      brake: null,
      apiCalls: 3,
      estimatedSeconds: 0.5,
    },
  ],
  unprotectedVolumes: [{ target: 'eu-prod', id: 'vol-9', name: null }],
  failedTargets: [],
  warnings: ['a warning'],
};

const PRUNE: PruneView = {
  dryRun: false,
  policies: [
    {
      policy: 'nightly',
      braked: false,
      brakeReason: null,
      deleted: [{ snapshotId: 's2', volumeId: 'vol-1', reasons: [] }],
      kept: [{ snapshotId: 's1', volumeId: 'vol-1', reasons: ['last 1'] }],
      failed: [{ snapshotId: 's3', volumeId: 'vol-1', httpStatus: 400, code: 'EVS.1047', message: 'no' }],
    },
  ],
};

/** Notes what it is asked for and answers the same each time, or fails as told. */
export class RecordingActions implements Actions {
  readonly asked: unknown[][] = [];
  failure: Error | null = null;

  async trigger(...args: Parameters<Actions['trigger']>): ReturnType<Actions['trigger']> {
    this.#note('trigger', args);
    return { due: DUE, firingId: '0123456789abcdef' };
  }

  async pause(...args: Parameters<Actions['pause']>): Promise<void> {
    this.#note('pause', args);
  }

  async resume(...args: Parameters<Actions['resume']>): ReturnType<Actions['resume']> {
    this.#note('resume', args);
    return { caughtUp: args[1].catchUp ? DUE : null };
  }

  async prune(...args: Parameters<Actions['prune']>): Promise<PruneView> {
    this.#note('prune', args);
    return { ...PRUNE, dryRun: args[1].dryRun };
  }

  async plan(...args: Parameters<Actions['plan']>): Promise<PlanView> {
    this.#note('plan', args);
    return PLAN;
  }

  #note(name: string, args: unknown[]): void {
    this.asked.push([name, ...args]);
    if (this.failure !== null) throw this.failure;
  }
}
