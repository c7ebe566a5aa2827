import { z } from 'zod';
import type { Actions } from '#app/ports/actions';
import type { Ledger } from '#app/ports/ledger';
import type { Policies } from '#app/ports/policies';
import type { PruneBook } from '#app/ports/prune-book';
import { GridReader } from '#app/read-grid';
import { readOverview } from '#app/read-overview';
import { readStatus } from '#app/read-status';
import { runView } from '#app/views/run-view';
import type { QueueDepth } from '#app/views/overview-view';
import type { Policy } from '#domain/policy';
import { OUTCOMES } from '#domain/run';
import { parseSince } from '#domain/since';
import { DAY, isoSeconds, parseDuration } from '#domain/time';
import type { Instant } from '#domain/time';
import { ApiError } from './api-error.ts';
import { operation } from './operation.ts';
import type { Operation } from './operation.ts';

export interface ApiParts {
  readonly ledger: Ledger;
  readonly book: Pick<PruneBook, 'brakes'>;
  readonly policies: Policies;
  /** Depth of the queue of each target. */
  readonly queues: () => Promise<readonly QueueDepth[]>;
  /** Null where this service cannot act. */
  readonly actions: Actions | null;
  readonly now: () => Instant;
}

const DEFAULT_RUNS = 50;
const MAX_RUNS = 1_000;
const MAX_FIRINGS = 30;
const DEFAULT_ROWS = 50;
const MAX_ROWS = 200;
const DEFAULT_HORIZON = '7d';
const LONGEST_HORIZON_MS = 366 * DAY;

const PolicyName = z.string().regex(/^[a-z0-9-]{1,32}$/, { error: 'a name is 1 to 32 lower-case letters, digits and hyphens' });
const OfPolicy = z.strictObject({ policy: PolicyName });
const VolumeId = z.string().min(1).max(255);

/** A whole number in a query, in bounds. */
function number(least: number, most: number, standard: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: `a whole number from ${least} to ${most}` })
    .transform(Number)
    .pipe(z.int({ error: `a whole number from ${least} to ${most}` }).min(least, { error: `at least ${least}` }).max(most, { error: `at most ${most}` }))
    .default(standard)
    .meta({ description: `From ${least} to ${most}, default ${standard}` });
}

const RunsQuery = z.strictObject({
  policy: PolicyName.optional(),
  volume: VolumeId.optional().meta({ description: 'Id of a volume' }),
  outcome: z.enum(OUTCOMES, { error: `one of ${OUTCOMES.join(', ')}` }).optional(),
  since: z.string().optional().meta({ description: 'Due since then: a duration back from now (24h) or an instant (2026-11-24T02:00:00Z)' }),
  limit: number(1, MAX_RUNS, DEFAULT_RUNS),
  after: z.string().max(100).optional().meta({ description: 'The `next` of an earlier answer' }),
});

const GridQuery = z.strictObject({
  firings: number(1, MAX_FIRINGS, MAX_FIRINGS),
  search: z.string().max(255).default('').meta({ description: "Part of a volume's name or id, in any case" }),
  limit: number(1, MAX_ROWS, DEFAULT_ROWS),
  after: number(0, 999_999_999, 0).meta({ description: 'The `next` of an earlier answer' }),
});

const PlanQuery = z.strictObject({
  policy: PolicyName.optional(),
  from: z.string().optional().meta({ description: 'An instant (2026-11-24T02:00:00Z); default now' }),
  horizon: z.string().default(DEFAULT_HORIZON).meta({ description: `How far ahead, at most 366d; default ${DEFAULT_HORIZON}` }),
});

const TriggerBody = z.strictObject({ volumes: z.array(VolumeId).min(1).max(10_000).optional().meta({ description: 'Ids; absent: all volumes of the policy' }) });
const ResumeBody = z.strictObject({ catchUp: z.boolean().default(false) });
const PruneBody = z.strictObject({ dryRun: z.boolean().default(false), confirm: z.boolean().default(false).meta({ description: 'Lifts the brake once' }) });

/** Everything under /api/v1 but the document that describes it. */
export function operationsOf(parts: ApiParts): readonly Operation[] {
  const { ledger, book, policies } = parts;
  const grids = new GridReader(ledger);

  function known(name: string): Policy {
    const policy = policies.policy(name);
    if (policy === null) throw new ApiError('not_found', `no policy is called ${name}`);
    return policy;
  }

  function actions(): Actions {
    if (parts.actions === null) throw new ApiError('not_implemented', 'this service cannot do that');
    return parts.actions;
  }

  function instantOf(text: string, key: string): Instant {
    const at = parseSince(text, parts.now());
    if (at === null) throw new ApiError('bad_request', `query ${key}: a duration back from now (24h) or an instant (2026-11-24T02:00:00Z)`);
    return at;
  }

  return [
    operation({ id: 'readStatus', method: 'GET', path: '/api/v1/status', summary: 'All policies: last and next firing, RPO lag, overdue volumes', answer: 'Status', handle: async () => copy(await readStatus({ ledger, book, policies })) }),
    operation({ id: 'readPolicyStatus', method: 'GET', path: '/api/v1/status/{policy}', summary: 'The same of one policy', params: OfPolicy, answer: 'Status', handle: async ({ params }) => copy(await readStatus({ ledger, book, policies }, known(params.policy).name)) }),
    operation({ id: 'readOverview', method: 'GET', path: '/api/v1/overview', summary: 'All policies in numbers, with their last 30 firings', answer: 'Overview', handle: async () => copy(await readOverview({ ledger, policies })) }),
    operation({
      id: 'listRuns',
      method: 'GET',
      path: '/api/v1/runs',
      summary: 'History of runs, newest due time first',
      query: RunsQuery,
      answer: 'Runs',
      handle: async ({ query: { policy, volume, outcome, since, limit, after } }) => {
        const page = await ledger
          .runs({
            limit,
            ...(policy === undefined ? {} : { policy }),
            ...(volume === undefined ? {} : { volumeId: volume }),
            ...(outcome === undefined ? {} : { outcome }),
            ...(since === undefined ? {} : { since: instantOf(since, 'since') }),
            ...(after === undefined ? {} : { after }),
          })
          .catch((error: unknown) => {
            if (error instanceof RangeError) throw new ApiError('bad_request', `query after: ${error.message}`);
            throw error;
          });
        return copy({ runs: page.runs.map(runView), next: page.next });
      },
    }),
    operation({
      id: 'readRun',
      method: 'GET',
      path: '/api/v1/runs/{id}',
      summary: 'One run with every answer of the cloud',
      params: z.strictObject({ id: z.string().max(100) }),
      answer: 'Run',
      handle: async ({ params: { id } }) => {
        const found = await ledger.run(id);
        if (found === null) throw new ApiError('not_found', 'no run has this id');
        return copy(runView(found));
      },
    }),
    operation({
      id: 'readGrid',
      method: 'GET',
      path: '/api/v1/policies/{policy}/grid',
      summary: 'Outcomes of the volumes of a policy in its newest firings, the worst volumes first',
      params: OfPolicy,
      query: GridQuery,
      answer: 'Grid',
      handle: async ({ params, query }) => copy(await grids.read(known(params.policy), query)),
    }),
    operation({ id: 'readQueues', method: 'GET', path: '/api/v1/queues', summary: 'Runs in the queue of each target', answer: 'Queues', handle: async () => copy({ queues: await parts.queues() }) }),
    operation({
      id: 'plan',
      method: 'GET',
      path: '/api/v1/plan',
      summary: 'What would happen: due times to come, snapshots and deletions; touches nothing',
      query: PlanQuery,
      answer: 'Plan',
      handle: async ({ query }) => {
        const from = query.from === undefined ? null : instantOf(query.from, 'from');
        const horizon = parseDuration(query.horizon);
        if (horizon === null || horizon > LONGEST_HORIZON_MS) throw new ApiError('bad_request', 'query horizon: a duration such as 7d, at most 366d');
        if (query.policy !== undefined) known(query.policy);
        return copy(await actions().plan({ from, horizon, policy: query.policy ?? null }));
      },
    }),
    operation({
      id: 'trigger',
      method: 'POST',
      path: '/api/v1/policies/{policy}/trigger',
      summary: 'A firing now',
      params: OfPolicy,
      body: TriggerBody,
      answer: 'Trigger',
      handle: async ({ params, body }) => {
        const { name } = known(params.policy);
        const { due, firingId } = await actions().trigger(name, { volumes: body.volumes ?? null });
        return { policy: name, due: isoSeconds(due), firingId };
      },
    }),
    operation({
      id: 'pause',
      method: 'POST',
      path: '/api/v1/policies/{policy}/pause',
      summary: 'No firing until it is resumed; survives restarts',
      params: OfPolicy,
      answer: 'Pause',
      handle: async ({ params }) => {
        const { name } = known(params.policy);
        await actions().pause(name);
        return { policy: name, paused: true };
      },
    }),
    operation({
      id: 'resume',
      method: 'POST',
      path: '/api/v1/policies/{policy}/resume',
      summary: 'Fires again',
      params: OfPolicy,
      body: ResumeBody,
      answer: 'Resume',
      handle: async ({ params, body }) => {
        const { name } = known(params.policy);
        const { caughtUp } = await actions().resume(name, body);
        return { policy: name, paused: false, caughtUp: caughtUp === null ? null : isoSeconds(caughtUp) };
      },
    }),
    operation({
      id: 'prune',
      method: 'POST',
      path: '/api/v1/policies/{policy}/prune',
      summary: 'Retention now',
      params: OfPolicy,
      body: PruneBody,
      answer: 'Prune',
      handle: async ({ params, body }) => copy(await actions().prune(known(params.policy).name, body)),
    }),
  ];
}

type Changeable<T> = T extends readonly (infer E)[] ? Changeable<E>[] : T extends object ? { -readonly [K in keyof T]: Changeable<T[K]> } : T;

/** Views are read-only, schemas are not; what leaves through a schema is a copy anyway. */
function copy<T>(view: T): Changeable<T> {
  return view as Changeable<T>;
}
